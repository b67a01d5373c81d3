// The panel behind "+ Filter": the values of one dimension to tick, or whatever a search finds in all dimensions.

import {h, percent, redraw} from "../_js/dom.js"

const WHAT = "values of all dimensions"

export class Filters {
  constructor(state, act) {
    Object.assign(this, {state, act, dimension: state.layout.dimensions[0].name, exclude: false, found: null, waiting: null})
    this.search = h("input", {type: "search", class: "search", "data-key": "search", autofocus: true, autocomplete: "off",
      placeholder: `Search ${WHAT}`, "aria-label": `Search ${WHAT}`,
      on: {input: () => this.searched(), keydown: (event) => this.keys(event)}})
    this.list = h("ul", {class: "values"})
    this.rest = h("p", {class: "panel-note", role: "status"})
    this.more = h("select", {"aria-label": "Dimension", class: "dimension-select", on: {change: () => this.choose(this.more.value)}})
  }

  // Nothing is left of an earlier search.
  opened() {
    this.search.value = ""
    this.found = null
    this.list.replaceChildren()
    this.ask()
  }

  choose(dimension) {
    this.dimension = dimension
    this.opened()
    this.refresh()
  }

  searched() {
    clearTimeout(this.waiting)
    this.waiting = setTimeout(() => this.ask(), this.found ? 120 : 0)
  }

  keys(event) {
    if (event.key === "ArrowDown") {
      event.preventDefault()
      this.list.querySelector("input")?.focus()
    }
    if (event.key !== "Enter" || this.found?.text !== this.search.value) return
    const first = this.list.querySelector("input")
    if (this.found.values.length === 1) first.click()
    else first?.focus()
  }

  ask() {
    this.act({kind: "values", dimension: this.dimension, text: this.search.value})
  }

  answered(message) {
    if (message.dimension !== this.dimension || message.text !== this.search.value) return
    this.found = message
    this.drawList()
  }

  title(dimension) {
    return this.state.layout.dimensions.find(({name}) => name === dimension)?.title
  }

  drawList() {
    const {found} = this
    this.list.setAttribute("aria-busy", String(!found))
    if (!found) return
    const largest = Math.max(1, ...found.values.map(([, , sessions]) => sessions))
    this.list.setAttribute("aria-label", found.text.trim() ? `Found in ${WHAT}` : this.title(found.dimension))
    redraw(this.list, found.values.map((line) => this.row(line, largest)))
    const hidden = found.total - found.values.length
    this.rest.textContent = !found.total ? "Nothing found." : hidden > 0 ? `${hidden.toLocaleString("en")} smaller ones: search to find them.` : ""
  }

  // While a text is searched each value says its dimension.
  row([value, label, sessions, rate, dimension, mark], largest) {
    const excluded = mark === "excluded"
    const of = this.found.text.trim() && this.title(dimension)
    const name = of ? `${of}: ${label}` : label
    const key = `${dimension} ${value}`
    const box = h("input", {type: "checkbox", "data-key": `value ${key}`, checked: Boolean(mark), "aria-label": name, on: {
      change: () => this.act({kind: "filter", dimension, value, additive: true, exclude: excluded || (!mark && this.exclude)}),
      keydown: (event) => this.move(event),
    }})
    return h("li", {class: excluded ? "excluded" : null}, h("label", {title: name}, box,
      h("span", {class: "value-text"}, h("i", {style: {width: percent(sessions / largest)}}), h("span", {}, of && h("small", {}, `${of} `), label)),
      h("span", {class: "number"}, sessions.toLocaleString("en")), h("span", {class: "number rate"}, rate)),
    h("button", {type: "button", class: "only", "data-key": `only ${key}`, "aria-label": `Only ${name}`,
      on: {click: () => this.act({kind: "filter", dimension, value, additive: false, exclude: false})}}, "only"))
  }

  move(event) {
    if (event.key === "Enter") return event.target.click()
    if (!["ArrowDown", "ArrowUp"].includes(event.key)) return
    event.preventDefault()
    const boxes = [...this.list.querySelectorAll("input")]
    const next = boxes.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1)
    ;(boxes[next] || this.search).focus()
  }

  draw() {
    const {dimensions} = this.state.layout
    const {minimum, chips} = this.state.controls
    const active = new Set(chips.map((chip) => chip.dimension))
    redraw(this.more, dimensions.map(({name, title: text}) => h("option", {value: name, selected: name === this.dimension}, text)))
    this.more.value = this.dimension
    const mode = (exclude, text) => h("button", {type: "button", "data-key": `mode ${exclude}`, "aria-pressed": String(this.exclude === exclude),
      on: {click: () => { this.exclude = exclude; this.refresh() }}}, text)
    this.drawList()
    return h("div", {class: "filter-panel"},
      h("div", {class: "dimensions"}, h("ul", {}, dimensions.map((dimension) => h("li", {}, h("button", {
        type: "button", class: "option", "data-key": dimension.name, "aria-pressed": String(dimension.name === this.dimension),
        on: {click: () => this.choose(dimension.name)},
      }, dimension.title, active.has(dimension.name) ? h("span", {class: "filtered-mark", title: "filtered"}) : null))))),
      h("div", {class: "choices"}, this.more, h("div", {class: "choice-head"},
        h("div", {class: "segmented", role: "group", "aria-label": "Include or exclude"}, mode(false, "Include"), mode(true, "Exclude")), this.search),
      this.list, this.rest,
      h("div", {class: "minimum"}, h("span", {id: "minimum"}, "Fewest sessions for a rate"), h("div", {class: "segmented", role: "group", "aria-labelledby": "minimum"},
        ["", ...minimum.options].map((option) => h("button", {type: "button", "data-key": `minimum ${option}`, "aria-pressed": String(option === minimum.chosen),
          on: {click: () => this.act({kind: "setting", name: "min_sessions", option})}}, option || "Auto"))))))
  }
}

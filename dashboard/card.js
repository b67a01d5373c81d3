// The page's content: finding, chips, count, and one card per chart. All of one change arrives as one `state` and is drawn at once.
//
//   layout   JSON [{name, title, cards: [{name, label, renderer, span, height, settings: [{name, options}]}]}], fixed per page
//   state    JSON {version, finding, context, chips, counted, empty, settings, cards: {name: CardState | {error, query_id}}}
//   figures  "<mode>:<base64 of gzipped JSON {name: json_item}>", prebuilt once per process and theme
//   busy     true while a newer selection is computed: the old charts stay, dimmed after 150 ms
// Everything a person does goes to Python as a message {kind, ...}; Python answers with `state`, or with a message for SQL and CSV.

import {kpis, legend, steps, table, twin} from "../_js/body.js"
import {announce, h, icon, listen, redraw} from "../_js/dom.js"
import {Plot} from "../_js/plot.js"

const BODIES = {kpis, steps, rows: table, "bokeh+table": table, bokeh: () => []}

async function unpacked(base64) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))
  return await new Response(stream).json()
}

function save(blob, name) {
  const link = h("a", {href: URL.createObjectURL(blob), download: name})
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

class Card {
  constructor(chart, act) {
    Object.assign(this, {chart, act, framed: chart.renderer !== "kpis", showsTable: false, state: null})
    this.heading = h("h3", {id: `${chart.name}-heading`, class: this.framed ? "heading" : "unseen"}, chart.label)
    this.holder = h("div", {class: "plot", style: {"min-height": `${chart.height}px`}})
    this.body = h("div", {class: "body"})
    this.legend = h("div", {class: "legends"})
    this.twin = h("div", {hidden: true})
    this.problem = h("div", {class: "problem", role: "alert", hidden: true})
    this.note = h("p", {class: "note"})
    this.settings = h("div", {class: "settings"})
    const drawn = chart.renderer.startsWith("bokeh")
    this.plot = drawn ? new Plot(this.holder, act) : null
    this.picture = h("div", {class: `picture as-${chart.renderer.replace("+", "-")}`},
      drawn && h("div", {}, this.holder, this.legend), this.body, !drawn && this.legend)
    this.element = h("article", {
      class: `${this.framed ? "card" : "strip"} waiting`, id: `card-${chart.name}`, "aria-labelledby": this.heading.id,
      style: {"--span": chart.span, "--height": `${chart.height}px`},
    }, this.framed ? this.head() : this.heading, this.problem, this.picture, this.twin, this.framed && this.note)
  }

  head() {
    const tool = (name, label, listener) => h("button", {
      type: "button", class: "tool", title: label, "aria-label": `${label}: ${this.chart.label}`, on: {click: listener}}, icon(name))
    this.tableTool = tool("table", "Show as table", () => this.toggleTable())
    this.tableTool.setAttribute("aria-pressed", "false")
    const downloads = h("div", {class: "menu", popover: "auto"},
      h("button", {type: "button", on: {click: () => (downloads.hidePopover(), this.act({kind: "csv", card: this.chart.name}))}}, "Figures (CSV)"),
      this.plot && h("button", {type: "button", on: {click: () => (downloads.hidePopover(), this.png())}}, "Picture (PNG)"))
    const download = tool("download", "Download", () => {
      const box = download.getBoundingClientRect()
      downloads.style.top = `${box.bottom + 4}px`
      downloads.style.left = `${Math.max(8, box.right - 152)}px`
      downloads.togglePopover()
    })
    return h("header", {class: "head"},
      h("div", {class: "titles"}, h("p", {class: "label"}, this.chart.label), this.heading),
      h("div", {class: "tools"}, this.settings, this.tableTool,
        tool("code", "Show SQL", () => this.act({kind: "sql", card: this.chart.name})), download, downloads))
  }

  toggleTable() {
    this.showsTable = !this.showsTable
    this.tableTool.setAttribute("aria-pressed", String(this.showsTable))
    this.draw()
  }

  async png() {
    const blob = await this.plot.png()
    if (blob) save(blob, `${this.fileName}.png`)
  }

  update(state, settings, fileName) {
    this.state = state
    this.fileName = `${fileName}_${this.chart.name}`
    redraw(this.settings, this.chart.settings.map(({name, options}) => h("div", {
      class: "segmented", role: "group", "aria-label": `${name.replaceAll("_", " ")}: ${this.chart.label}`,
    }, options.map((option) => h("button", {
      type: "button", "data-key": `${name}=${option}`, "aria-pressed": String(settings[`${this.chart.name}.${name}`] === option),
      on: {click: () => this.act({kind: "setting", card: this.chart.name, name, option})},
    }, option)))))
    this.draw()
  }

  fail(reason) {
    this.update = () => {}
    this.state = {error: reason}
    this.draw()
  }

  draw() {
    const {state} = this
    if (!state) return
    this.element.classList.remove("waiting")
    const stopped = state.error || state.empty
    this.problem.hidden = !(stopped && this.framed)
    this.picture.hidden = Boolean(stopped && this.framed) || this.showsTable
    this.twin.hidden = Boolean(stopped) || !this.showsTable
    redraw(this.problem, state.error
      ? [icon("warn"), h("div", {}, h("p", {}, state.error), h("button", {type: "button", class: "button", on: {click: () => this.act({kind: "retry"})}}, "Try again"))]
      : [icon("empty"), h("p", {}, state.empty || "")])
    this.problem.classList.toggle("failed", Boolean(state.error))
    if (state.error) return
    this.heading.textContent = state.heading
    this.note.textContent = state.note || ""
    if (this.tableTool) this.tableTool.disabled = !state.table
    if (this.showsTable && state.table) redraw(this.twin, twin(state.table))
    if (state.empty && this.framed) return
    redraw(this.body, BODIES[this.chart.renderer](state.body || {}, this.act))
    redraw(this.legend, legend(state.body?.legend))
    this.plot?.patch(state)
  }
}

function chips(list, act) {
  const remove = (chip) => act({kind: "remove", dimension: chip.dimension, exclude: chip.exclude})
  return list.map((chip) => h("li", {class: "chip"},
    h("button", {
      type: "button", class: "chip-body", "data-key": `chip ${chip.dimension} ${chip.exclude}`, title: chip.values,
      on: {
        click: () => announce("edit", chip.dimension),
        keydown: (event) => ["Delete", "Backspace"].includes(event.key) && (event.preventDefault(), remove(chip)),
      },
    }, `${chip.title} ${chip.exclude ? "is not" : "is"} `, h("b", {}, chip.label)),
    h("button", {type: "button", class: "chip-x", "aria-label": `Remove filter ${chip.title}`, on: {click: () => remove(chip)}}, icon("close"))))
}

function dialog() {
  const text = h("div", {class: "dialog-body"})
  const title = h("h2", {id: "dialog-title"})
  const box = h("dialog", {"aria-labelledby": "dialog-title", on: {click: (event) => event.target === box && box.close()}},
    h("div", {class: "dialog"},
      h("header", {}, title, h("button", {type: "button", class: "tool", "aria-label": "Close", on: {click: () => box.close()}}, icon("close"))), text))
  box.open_with = (heading, questions) => {
    title.textContent = heading
    redraw(text, questions.map((question) => h("section", {},
      h("h3", {}, question.title, h("button", {type: "button", class: "button", on: {click: () => navigator.clipboard?.writeText(question.sql)}}, "Copy")),
      h("pre", {tabindex: "0"}, question.sql),
      h("table", {class: "rows dense"}, h("caption", {}, "Bound values"), h("tbody", {}, question.parameters.map(([name, value]) =>
        h("tr", {}, h("th", {scope: "row", class: "left"}, `$${name}`), h("td", {class: "left"}, value))))))))
    box.showModal()
  }
  return box
}

export function render({model}) {
  const act = (action) => model.send_msg(action)
  const layout = JSON.parse(model.layout)
  const cards = new Map()
  const finding = h("h1", {class: "finding"})
  const context = h("p", {class: "context"})
  const chipList = h("ul", {class: "chips", "aria-label": "Active filters"})
  const reset = h("button", {type: "button", class: "button quiet", hidden: true, on: {click: () => act({kind: "reset"})}}, "Reset")
  const counted = h("p", {class: "counted", role: "status"})
  const nothing = h("div", {class: "nothing", hidden: true})
  const sql = dialog()
  const root = h("div", {class: "page"},
    h("div", {class: "filter-bar"}, chipList, reset, counted),
    h("div", {class: "content"},
      h("div", {class: "lead"}, finding, context), nothing,
      layout.filter((view) => view.cards.length).map((view) => h("section", {class: "view", "aria-labelledby": `view-${view.name}`},
        h("h2", {id: `view-${view.name}`, tabindex: "-1"}, view.title),
        h("div", {class: "grid"}, view.cards.map((chart) => {
          const card = new Card(chart, act)
          cards.set(chart.name, card)
          return card.element
        }))))),
    sql)

  function draw() {
    if (!model.state) return
    const state = JSON.parse(model.state)
    finding.textContent = state.finding
    context.textContent = state.context
    redraw(chipList, chips(state.chips, act))
    reset.hidden = state.chips.length < 2
    counted.textContent = state.counted
    nothing.hidden = !state.empty
    redraw(nothing, state.empty ? [
      state.chips.map((chip) => h("button", {type: "button", class: "button", on: {click: () => act({kind: "remove", dimension: chip.dimension, exclude: chip.exclude})}}, `Remove ${chip.title.toLowerCase()}`)),
      h("button", {type: "button", class: "button", on: {click: () => act({kind: "reset"})}}, "Reset")] : [])
    for (const [name, card] of cards) if (state.cards[name]) card.update(state.cards[name], state.settings, state.file_name)
  }

  let shown = ""
  async function embed() {
    const [mode, packed] = [model.figures.slice(0, model.figures.indexOf(":")), model.figures.slice(model.figures.indexOf(":") + 1)]
    root.classList.toggle("dark", mode === "dark")
    if (!packed || shown === mode) return
    shown = mode
    const items = await unpacked(packed)
    for (const [name, card] of cards) {
      if (shown !== mode) return
      if (!card.plot) continue
      if (items[name]) await card.plot.show(items[name])
      else card.fail("This chart could not be drawn; the server's log has the details.")
    }
    root.classList.add("drawn")
  }

  let dimming = null
  function dim() {
    clearTimeout(dimming)
    if (model.busy) dimming = setTimeout(() => root.classList.add("busy"), 150)
    else root.classList.remove("busy")
    for (const card of cards.values()) card.element.setAttribute("aria-busy", String(model.busy))
  }

  function answered(message) {
    if (message.kind === "sql") sql.open_with(message.title, message.questions)
    if (message.kind === "csv") save(new Blob([message.text], {type: "text/csv;charset=utf-8"}), message.name)
  }

  model.on("state", draw)
  model.on("figures", embed)
  model.on("busy", dim)
  model.on("msg:custom", answered)
  model.on("remove", () => { for (const card of cards.values()) card.plot?.clear() })
  listen(model, "view", (name) => {
    const heading = root.querySelector(`#view-${CSS.escape(name)}`)
    heading?.scrollIntoView({block: "start"})
    heading?.focus({preventScroll: true})
  })
  if (window.innerWidth < 600) act({kind: "narrow"})
  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)").matches
  if (model.follows_system && prefersDark !== model.figures.startsWith("dark:")) {
    root.classList.toggle("dark", prefersDark)
    act({kind: "prefers", mode: prefersDark ? "dark" : "light"})
  } else {
    embed()
  }
  draw()
  dim()
  return root
}

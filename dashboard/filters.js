// The sidebar: links to the views, the filters, and what data is shown.
//
//   views    JSON [{name, title}]
//   fields   JSON {echo, dates: {first, last, from, to}, dimensions: [{name, title, total, values: [[value, label, sessions]],
//            chosen: [..], excluded: [..]}], foot: [..]}
// A message {kind: "values", dimension, values, echo} goes to Python; `echo` comes back in `fields`, and an answer to an older
// click than the newest is not drawn, so that fast clicking does not flicker.

import {announce, h, listen, percent, redraw} from "../_js/dom.js"

const MANY = 8

class Dimension {
  constructor(field, act) {
    this.act = act
    this.name = field.name
    this.count = h("span", {class: "chosen"})
    this.search = h("input", {type: "search", class: "search", placeholder: "Search", "aria-label": `Search ${field.title}`,
      on: {input: () => this.searched()}})
    this.list = h("ul", {class: "values", "aria-label": field.title})
    this.rest = h("p", {class: "rest", role: "status"})
    this.element = h("details", {id: `filter-${field.name}`, class: "dimension"},
      h("summary", {}, h("span", {class: "name"}, field.title), this.count), this.search, this.list, this.rest)
    this.found = null
    this.waiting = null
  }

  searched() {
    clearTimeout(this.waiting)
    const text = this.search.value.trim()
    if (!text) this.found = null
    const complete = this.field.values.length >= this.field.total
    if (text && !complete) this.waiting = setTimeout(() => this.act({kind: "search", dimension: this.name, text}), 200)
    this.draw()
  }

  update(field) {
    this.field = field
    this.draw()
  }

  draw() {
    const {field} = this
    const text = this.search.value.trim().toLowerCase()
    const known = this.found || field.values
    const matching = text ? known.filter(([value, label]) => `${value} ${label}`.toLowerCase().includes(text)) : known
    const marked = [...field.chosen, ...field.excluded]
    const chosen = text ? [] : marked.filter((value) => !matching.some(([other]) => other === value)).map((value) => [value, field.labels[value] || value, 0])
    const largest = Math.max(1, ...field.values.map(([, , sessions]) => sessions))
    this.search.hidden = field.total <= MANY
    this.count.textContent = marked.length ? String(marked.length) : ""
    redraw(this.list, [...chosen, ...matching].slice(0, 200).map(([value, label, sessions]) => this.row(value, label, sessions, largest)))
    const left = field.total - matching.length
    this.rest.textContent = text && !matching.length ? "Nothing found" : !text && left > 0 ? `${left.toLocaleString("en")} smaller ones: search to find them` : ""
  }

  row(value, label, sessions, largest) {
    const excluded = this.field.excluded.includes(value)
    const box = h("input", {type: "checkbox", "data-key": value, checked: this.field.chosen.includes(value),
      on: {change: () => this.act({kind: "filter", dimension: this.name, value, additive: true, exclude: false})}})
    return h("li", {class: excluded ? "excluded" : null}, h("label", {title: label},
      box, h("span", {class: "value-text"}, h("i", {style: {width: percent(sessions / largest)}}), h("span", {}, label)),
      h("span", {class: "number"}, sessions.toLocaleString("en"))))
  }
}

export function render({model}) {
  let echo = 0
  const act = (action) => model.send_msg({...action, echo: action.kind === "search" ? echo : ++echo})
  const dimensions = new Map()
  const date = (label) => h("input", {type: "date", "aria-label": label, on: {change: () => act({kind: "dates", first: first.value, last: last.value})}})
  const first = date("First day")
  const last = date("Last day")
  const every = h("button", {type: "button", class: "link", hidden: true, on: {click: () => act({kind: "dates", first: "", last: ""})}}, "All days")
  const groups = h("div", {class: "groups"})
  const foot = h("div", {class: "foot"})
  const root = h("div", {class: "side"},
    h("nav", {"aria-label": "Views"}, h("ul", {}, JSON.parse(model.views).map((view) => h("li", {},
      h("a", {href: `#${view.name}`, on: {click: (event) => (event.preventDefault(), announce("view", view.name))}}, view.title))))),
    h("form", {class: "filters", "aria-label": "Filters", on: {submit: (event) => event.preventDefault()}},
      h("div", {class: "dates", role: "group", "aria-labelledby": "days"}, h("p", {id: "days"}, "Days"), h("div", {}, h("label", {}, "From", first), h("label", {}, "To", last)), every),
      groups),
    foot)

  function draw() {
    root.classList.toggle("dark", model.mode === "dark")
    if (!model.fields) return
    const fields = JSON.parse(model.fields)
    redraw(foot, fields.foot.map((line) => h("p", {}, line)))
    if (fields.echo < echo) return
    for (const [input, value] of [[first, fields.dates.from], [last, fields.dates.to]]) {
      input.min = fields.dates.first
      input.max = fields.dates.last
      if (input.value !== value) input.value = value
    }
    every.hidden = !fields.dates.chosen
    for (const field of fields.dimensions) {
      if (!dimensions.has(field.name)) {
        const dimension = new Dimension(field, act)
        dimension.element.open = field.open
        dimensions.set(field.name, dimension)
        groups.append(dimension.element)
      }
      dimensions.get(field.name).update(field)
    }
  }

  // On a phone the sidebar is a dialog, which pmui leaves without a name.
  const named = new ResizeObserver(() => root.getRootNode().host?.closest("[role=dialog]")?.setAttribute("aria-label", "Views and filters"))
  named.observe(root)
  model.on("remove", () => named.disconnect())
  model.on("fields", draw)
  model.on("mode", draw)
  model.on("msg:custom", (message) => {
    const dimension = dimensions.get(message.dimension)
    if (!dimension || dimension.search.value.trim() !== message.text) return
    dimension.found = message.values
    dimension.draw()
  })
  listen(model, "edit", (name) => {
    announce("sidebar")
    const target = name === "dates" ? first : dimensions.get(name)?.element
    if (!target) return
    target.open = true
    target.scrollIntoView({block: "nearest"})
    ;(target === first ? first : target.querySelector("input:not([hidden])"))?.focus()
  })
  draw()
  return root
}

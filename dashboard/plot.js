// Embeds a prebuilt Bokeh figure once and patches it: models by name, then columns by source name, in one repaint.

const TOKEN = /^\$[a-z0-9-]+$/
const NARROW = 420
const VERDICT = /-verdict$/
const VERDICT_FONT = "13px Roboto, sans-serif"
const VERDICT_LINE = 16
const MARGIN = 4
const SETTLED = 120  // milliseconds after which Bokeh has laid out anew
const MOST_LABELS = 6

// Reading a computed style is slow: each colour is read once a theme.
function palette(holder) {
  const style = getComputedStyle(holder)
  const known = new Map()
  return (value) => {
    if (typeof value !== "string" || !TOKEN.test(value)) return value
    if (!known.has(value)) known.set(value, style.getPropertyValue(`--sl-${value.slice(1)}`).trim())
    return known.get(value)
  }
}

function property(shade, value) {
  if (Array.isArray(value)) return value.map(shade)
  if (value !== null && typeof value === "object") {
    return new Map(Object.entries(value).map(([key, text]) => [Number.isNaN(Number(key)) ? key : Number(key), text]))
  }
  return shade(value)
}

function column(shade, name, values) {
  if (name === "color" || name.endsWith("_color")) return values.map(shade)
  return values.every((value) => value === null || typeof value === "number")
    ? values.map((value) => value ?? NaN)
    : values
}

// Seven dates touch each other on a phone: there every other one is written.
function thinned(labels) {
  return new Map([...labels].map(([place, text], number) => [place, labels.size > MOST_LABELS && number % 2 ? "" : text]))
}

// What a tap on a mark filters to, by the source's tags: "filter:<dimension>:<column>", "value:<column>:<column>" where a
// column names the dimension too, or "days:<column>:<column>".
function deeds(model, keys) {
  return (model.tags || []).filter((tag) => typeof tag === "string").map((tag) => tag.split(":")).flatMap(([kind, one, other]) => {
    const text = (column, index) => model.data[column]?.[index]
    if (kind === "filter") return [(index) => ({dimension: one, value: text(other, index), additive: keys.shift, exclude: keys.alt})]
    if (kind === "value") return [(index) => ({dimension: text(one, index), value: text(other, index), additive: keys.shift, exclude: keys.alt})]
    if (kind === "days") return [(index) => ({first: text(one, index), last: text(other, index), exclude: keys.alt})]
    return []
  })
}

function watchTaps(model, act, keys) {
  const filters = deeds(model, keys)
  for (const filter of filters) {
    model.selected.properties.indices.change.connect(() => {
      const [index] = model.selected.indices
      if (index === undefined) return
      const wanted = filter(index)
      model.selected.indices = []
      if (typeof (wanted.value ?? wanted.first) === "string") act({kind: "filter", ...wanted})
    })
  }
  return filters.length > 0
}

const pen = document.createElement("canvas").getContext("2d")

function lines(text, width) {
  pen.font = VERDICT_FONT
  const rows = [""]
  for (const word of text.split(" ")) {
    const longer = rows.at(-1) ? `${rows.at(-1)} ${word}` : word
    if (pen.measureText(longer).width <= width) rows[rows.length - 1] = longer
    else rows.push(word)
  }
  return rows
}

// The sentences over small panels (`titles` in charts/figures.py), broken into lines that fit: panels abreast stay level, so
// that each is as much higher as the longest sentence needs.
class Verdicts {
  constructor(models, named) {
    this.all = models.filter((model) => VERDICT.test(model.name ?? "")).map((title) => ({title, panel: named(title.name.replace(VERDICT, "")), text: title.text}))
    this.more = 0
  }

  // What is patched is what one line needs, and whole sentences.
  take(name, properties) {
    for (const each of this.all) if (each.title.name === name && "text" in properties) each.text = properties.text
    return "height" in properties && this.all.some(({panel}) => panel.name === name) ? {...properties, height: properties.height + this.more} : properties
  }

  fit() {
    const shown = this.all.filter(({panel}) => panel.visible && panel.outer_width > 0)
    if (!shown.length) return
    const broken = shown.map(({panel, text}) => lines(text, panel.outer_width - MARGIN))
    const more = VERDICT_LINE * (Math.max(...broken.map((rows) => rows.length)) - 1)
    shown.forEach(({title}, place) => title.setv({text: broken[place].join("\n")}))
    const added = more - this.more
    this.more = more
    if (added) for (const {panel} of this.all) panel.setv({height: panel.height + added, min_border_top: panel.min_border_top + added})
  }
}

export class Plot {
  constructor(holder, act) {
    this.holder = holder
    this.act = act
    this.views = null
    this.pending = null
    this.keys = {shift: false, alt: false}
    holder.addEventListener("pointerdown", (event) => {
      this.keys.shift = event.shiftKey
      this.keys.alt = event.altKey
    }, true)
    new ResizeObserver(() => {
      clearTimeout(this.settling)
      this.settling = setTimeout(() => this.views && this.verdicts.fit(), SETTLED)
    }).observe(holder)
  }

  async show(item) {
    this.clear()
    const target = document.createElement("div")
    target.className = "bokeh"
    this.holder.replaceChildren(target)
    const views = await window.Bokeh.embed.embed_item(item, target)
    if (!target.isConnected) return views.clear()
    this.views = views
    this.shade = palette(this.holder)
    this.narrow = this.holder.clientWidth < NARROW
    this.document = views.roots[0].model.document
    const models = [...this.document._all_models.values()]
    this.verdicts = new Verdicts(models, (name) => this.document.get_model_by_name(name))
    const sources = models.filter((model) => model.type === "ColumnDataSource")
    const clickable = sources.map((source) => watchTaps(source, this.act, this.keys)).some(Boolean)
    this.holder.classList.toggle("clickable", clickable)
    if (this.pending) this.patch(this.pending)
  }

  patch(state) {
    this.pending = state
    if (!this.views) return
    const {shade} = this
    const missing = []
    const named = (name) => this.document.get_model_by_name(name) ?? (missing.push(name), null)
    for (const [name, properties] of Object.entries(state.models || {})) {
      const changed = Object.entries(this.verdicts.take(name, properties)).map(([key, value]) => [key, property(shade, value)])
      for (const one of changed) if (this.narrow && one[0] === "major_label_overrides") one[1] = thinned(one[1])
      named(name)?.setv(Object.fromEntries(changed))
    }
    for (const [name, columns] of Object.entries(state.sources || {})) {
      const source = named(name)
      if (!source) continue
      const changed = Object.entries(columns).map(([key, values]) => [key, column(shade, key, values)])
      source.data = {...source.data, ...Object.fromEntries(changed)}
    }
    this.verdicts.fit()
    if (missing.length) console.error(`the figure has no model named ${missing.join(", ")}`)
  }

  async png() {
    return await this.views?.roots[0].export("png", true).to_blob()
  }

  // Paper may be narrower than the window, and Bokeh does not learn of it: there pictures stand for the figure. One shrinks;
  // panels that were abreast keep their size and stand below one another where there is no room.
  print() {
    this.unprint()
    if (!this.views || !this.holder.clientWidth) return
    const [root] = this.views.roots
    const panels = (root.child_views ?? []).filter((view) => view.model.visible && view.bbox.width)
    const pictures = (panels.length > 1 ? panels : [root]).map((view) => {
      const {el} = view.export("png", true)
      el.style.width = `${view.bbox.width}px`
      return el
    })
    const paper = document.createElement("div")
    paper.className = "paper"
    paper.append(...pictures)
    this.holder.append(paper)
  }

  unprint() {
    this.holder.querySelector(":scope > .paper")?.remove()
  }

  // Bokeh paints the same figure once more, into an SVG: lines and texts stay what they are.
  async svg() {
    const blob = await this.views?.roots[0].export("svg", false).to_blob()
    return blob && new DOMParser().parseFromString(await blob.text(), "image/svg+xml").documentElement
  }

  clear() {
    if (!this.views) return
    this.document.clear()
    this.views.clear()
    const place = window.Bokeh.documents.indexOf(this.document)
    if (place >= 0) window.Bokeh.documents.splice(place, 1)
    this.views = null
  }
}

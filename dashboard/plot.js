// Embeds a prebuilt Bokeh figure once and patches it with Bokeh's own document patches; taps go to Python by row.

const TAPPED = "tap"
const VERDICT = /-verdict$/
const VERDICT_FONT = "13px Roboto, sans-serif"
const VERDICT_LINE = 16
const MARGIN = 4
const ZOOMED = "zoom"
const DOUBLE = 300  // milliseconds in which a second click makes a double one, as Bokeh has it
const SETTLED = 120  // milliseconds after which Bokeh has laid out anew

const pen = document.createElement("canvas").getContext("2d")

function lines(text, width) {
  pen.font = VERDICT_FONT
  const rows = [""]
  for (const word of text.split(/[ \n]/)) {
    const longer = rows.at(-1) ? `${rows.at(-1)} ${word}` : word
    if (pen.measureText(longer).width <= width) rows[rows.length - 1] = longer
    else rows.push(word)
  }
  return rows
}

// The sentences over small panels (`_titles` in look.py), broken into lines that fit: panels abreast stay level, so that each
// is as much higher as the longest sentence needs. Only the browser knows how wide a panel is.
class Verdicts {
  constructor(models, panelOf) {
    this.all = models.filter((model) => VERDICT.test(model.name ?? "")).map((title) => ({title, panel: panelOf(title)}))
    this.heights = new Map()
  }

  // After a patch: heights and texts are again what one line needs, and whole sentences.
  reset() {
    for (const {title, panel} of this.all) {
      title.setv({text: title.text.replaceAll("\n", " ")})
      const now = {height: panel.height, top: panel.min_border_top}
      const before = this.heights.get(panel)
      this.heights.set(panel, {height: before && now.height === before.grown ? before.height : now.height, top: before ? before.top : now.top})
    }
  }

  fit() {
    const shown = this.all.filter(({panel}) => panel.visible && panel.outer_width > 0)
    if (!shown.length) return
    const broken = shown.map(({panel, title}) => lines(title.text, panel.outer_width - MARGIN))
    const more = VERDICT_LINE * (Math.max(...broken.map((rows) => rows.length)) - 1)
    shown.forEach(({title}, place) => title.setv({text: broken[place].join("\n")}))
    for (const {panel} of this.all) {
      const held = this.heights.get(panel)
      held.grown = held.height + more
      if (panel.height !== held.grown) panel.setv({height: held.grown, min_border_top: held.top + more})
    }
  }
}

export class Plot {
  constructor(holder, tapped) {
    this.holder = holder
    this.tapped = tapped
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

  async show(item, mode) {
    this.clear()
    const target = document.createElement("div")
    target.className = "bokeh"
    this.holder.replaceChildren(target)
    const views = await window.Bokeh.embed.embed_item(item, target)
    if (!target.isConnected) return views.clear()
    this.views = views
    this.mode = mode
    this.document = views.roots[0].model.document
    const models = [...this.document._all_models.values()]
    const panels = this.panels = models.filter((model) => model.type === "Figure")
    this.verdicts = new Verdicts(models, (title) => panels.find((panel) => panel.above.includes(title)))
    const clickable = models.filter((model) => model.type === "ColumnDataSource" && model.tags.includes(TAPPED))
    for (const source of clickable) this.watch(source, panels)
    for (const panel of panels) if (panel.tags.includes(ZOOMED)) this.follow(panel)
    this.holder.classList.toggle("clickable", clickable.length > 0)
    this.verdicts.reset()
    if (this.pending) this.patch(this.pending)
  }

  // What a tap or a drag means is known to the chart, in Python: it gets the panel, the layer and its rows.
  watch(source, panels) {
    const picture = panels.findIndex((each) => each.renderers.some((renderer) => renderer.data_source === source))
    source.selected.properties.indices.change.connect(() => {
      const rows = [...source.selected.indices]
      if (!rows.length) return
      source.selected.indices = []
      // Of marks under one another the topmost answers, which Bokeh selects last. Where a double click shows all again, the
      // first of its clicks chooses nothing.
      clearTimeout(this.tapping)
      const tap = {picture, layer: source.name, rows, additive: this.keys.shift, exclude: this.keys.alt}
      this.tapping = setTimeout(() => this.tapped(tap), this.zoomed?.(panels[picture]) ? DOUBLE : 0)
    })
  }

  // A drag moves only what is zoomed: else a finger on the picture scrolls the page.
  follow(panel) {
    const ranges = [panel.x_range, panel.y_range]
    const pan = panel.toolbar.tools.find((tool) => tool.type === "PanTool")
    this.zoomed = (other) => other === panel && ranges.some((range) => range.start !== range.reset_start || range.end !== range.reset_end)
    const follows = () => { pan.active = this.zoomed(panel) }
    for (const range of ranges) for (const end of ["start", "end"]) range.properties[end].change.connect(follows)
    this.holder.addEventListener("dblclick", () => clearTimeout(this.tapping))
    follows()
  }

  // The events name the models of one theme's figure: those of another wait for it.
  patch(patch) {
    if (!patch) return
    this.pending = patch
    if (!this.views || patch.mode !== this.mode) return
    this.document.apply_json_patch({events: patch.events})
    this.verdicts.reset()
    this.verdicts.fit()
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
    const drawing = blob && new DOMParser().parseFromString(await blob.text(), "image/svg+xml").documentElement
    if (drawing) this.shapeLegends(drawing)
    return drawing
  }

  // Bokeh paints the marks of a legend as small pictures; in a drawing they are shapes of the same colour.
  shapeLegends(drawing) {
    const around = (panel) => [panel.above, panel.center, panel.below, panel.left, panel.right].flat()
    const legends = this.panels.filter((panel) => panel.visible).flatMap(around).filter((model) => model.type === "Legend")
    const items = legends.flatMap((legend) => legend.items).filter((item) => item.visible)
    if (!items.length) return
    const marks = [...drawing.querySelectorAll("image")].filter((image) => image.getAttribute("width") === image.getAttribute("height") && !image.closest("pattern"))
    marks.forEach((image, place) => {
      const {glyph, data_source: {data}} = items[place % items.length].renderers[0]
      const read = (spec, otherwise) => spec?.value ?? data[spec?.field]?.[0] ?? otherwise
      const shape = document.createElementNS(drawing.namespaceURI, "rect")
      for (const name of ["width", "height", "transform"]) shape.setAttribute(name, image.getAttribute(name) ?? "")
      shape.setAttribute("fill", read(glyph.fill_color ?? glyph.line_color, "none"))
      shape.setAttribute("fill-opacity", read(glyph.fill_alpha ?? glyph.line_alpha, 1))
      image.replaceWith(shape)
    })
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

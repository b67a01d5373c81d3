// The whole page: rail, bars, finding and cards. All of one change arrives as one `state` and is drawn at once.
//
//   layout    JSON {title, site, dimensions, words: [{word, means}], views: [{name, title, question, icon, key, second, cards: [{name, label, renderer,
//             span, height, settings: [{name, options}]}]}]}, fixed per page
//   bar       JSON of the filter bar, the shown view and every card's settings: changes at once with a choice
//   days      JSON {first, sessions}: the store's days, see calendar.js
//   state     JSON {question, view, version, finding: [sentence, context] or null, pending, counted, empty, stated, foot,
//             file_name, cards: {name: CardState | {error, query_id}}}: the answer, for the cards of one view
//   late      JSON {question, view, finding, cards}: the cards of `state.pending`, which take longer. Both are numbered: an
//             equal answer to a second question would be no change, and the two may arrive in either order
//   figures   "<mode>:<base64 of gzipped JSON {name: json_item}>" of the shown view, prebuilt once per process and theme
//   patches   JSON {name: {mode, events}}: what is shown in figures that came after the answer, or in another theme
//   mode      "light" or "dark";  busy: true while a newer selection is computed
//   query     the address; `replaces` changes it without a step in the history. Panel's own sync breaks Back (panel #7357).
// No property is set here: all that a person does goes to Python as a message {kind, number, ...}, numbered from 1; see
// dashboard/deeds.py.

import {rail, topBar} from "../_js/bars.js"
import {Card} from "../_js/card.js"
import {h, icon, redraw} from "../_js/dom.js"
import {filterBar} from "../_js/filterbar.js"
import {dialog, toasts} from "../_js/popover.js"
import {fileOf, report, save} from "../_js/takeaway.js"

const DIM_AFTER_MS = 150
const SLOW_AFTER_MS = 60_000
const CHORD_MS = 1500
const KEYS = [["/", "Search the values of all dimensions"], ["g, then a letter", "Open a view"], ["Esc", "Undo the last filter"], ["?", "This help"],
  ["Delete", "Remove the chip that has the focus"], ["Shift + click", "Add a value to a filter"], ["Alt + click", "Exclude a value"]]

async function unpacked(base64) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))
  return await new Response(stream).json()
}

// The theme that was chosen last in this browser; an address that names one still wins.
const THEME = "silent-leak-theme"
function keptTheme() {
  try { return window.localStorage.getItem(THEME) } catch { return null }
}
function keepTheme(mode) {
  try { window.localStorage.setItem(THEME, mode) } catch { /* a browser may forbid it: then the address alone holds it */ }
}

const canonical = (query) => new URLSearchParams(query).toString()

// Keeps the address bar and the selection the same: a new selection is pushed, Back and Forward bring an old one back.
function followAddress(model, act) {
  const arrived = () => act({kind: "address", query: window.location.search})
  const leave = () => {
    if (canonical(model.query) === canonical(window.location.search)) return
    const address = window.location.pathname + model.query + window.location.hash
    if (model.replaces) window.history.replaceState(null, "", address)
    else window.history.pushState(null, "", address)
  }
  model.on("query", leave)
  leave()
  window.addEventListener("popstate", arrived)
  return () => window.removeEventListener("popstate", arrived)
}

function sqlSections(questions) {
  if (!questions.length) return [h("p", {}, "No statement stands behind this card: it is judged from the figures of others.")]
  return questions.map((question) => h("section", {},
    h("h3", {}, question.title, h("button", {type: "button", class: "button", on: {click: () => navigator.clipboard?.writeText(question.sql)}}, "Copy")),
    h("pre", {tabindex: "0"}, question.sql),
    h("table", {class: "rows dense"}, h("caption", {}, "Bound values"), h("tbody", {}, question.parameters.map(([name, value]) =>
      h("tr", {}, h("th", {scope: "row", class: "left"}, `$${name}`), h("td", {class: "left"}, value)))))))
}

function keyList(layout) {
  const views = layout.views.map((view) => [`g ${view.key}`, view.title])
  return h("table", {class: "rows dense"}, h("caption", {}, "Keys"), h("tbody", {}, [...KEYS, ...views].map(([key, does]) =>
    h("tr", {}, h("th", {scope: "row", class: "left"}, h("kbd", {}, key)), h("td", {class: "left"}, does)))))
}

// What the words of the page mean, then its keys.
function help(layout) {
  return [
    h("dl", {class: "words"}, layout.words.flatMap(({word, means}) => [h("dt", {}, word), h("dd", {}, means)])),
    keyList(layout),
  ]
}

class Page {
  constructor(model) {
    this.model = model
    this.layout = JSON.parse(model.layout)
    this.act = (action) => {
      if (action.panel) return this.bar.edit(action.panel)
      if (action.kind === "view") this.open(action.view)
      if (action.kind === "theme") keepTheme(action.mode)
      if (action.kind === "filter" && action.view) {
        this.open(action.view)
        window.scrollTo({top: 0})
      }
      const filters = action.kind === "tap" || action.kind === "filter" && (action.dimension || action.where || action.step || action.first)
      if (filters && !action.view && !this.toldOfUndo && !this.root.querySelector(".panel:popover-open")) {
        this.toldOfUndo = true
        const touch = window.matchMedia("(pointer: coarse)").matches
        this.toasts.say(touch ? "Filtered. Its chip in the bar above removes it." : "Filtered. Esc undoes.", 4000, "undoes")
      }
      model.send_msg({...action, number: ++this.said})
    }
    this.said = 0
    this.cards = new Map()
    this.views = new Map(this.layout.views.map((view) => [view.name, view]))
    this.current = null
    this.version = null
    this.stated = []
    this.pending = new Set()
    this.saved = {views: [], default: ""}
    // One element, not one a list: the list may come while somebody types.
    this.viewName = h("input", {class: "search", "aria-label": "Name of the view", placeholder: "Name of this view", maxlength: 80, "data-key": "save-name", autofocus: true})
    this.build()
  }

  build() {
    const {layout, act} = this
    this.toasts = toasts()
    this.dialog = dialog()
    this.rail = rail(layout, act)
    this.top = topBar(layout, act, {
      openDrawer: () => this.rail.openDrawer(),
      share: () => this.share(),
      exports: (close) => this.exports(close),
      saved: {draw: () => this.savedPanel()},
      keys: () => this.dialog.open("Help", help(layout)),
    })
    this.bar = filterBar(layout, act)
    this.finding = h("h1", {class: "finding", tabindex: "-1"})
    this.context = h("p", {class: "context"})
    this.nothing = h("div", {class: "nothing", hidden: true})
    this.grids = new Map(layout.views.map((view) => [view.name, h("div", {class: "grid", hidden: true})]))
    this.lead = h("div", {class: "lead"}, this.finding, this.context)
    this.content = h("div", {class: "content"}, this.lead, this.nothing, [...this.grids.values()])
    this.main = h("main", {id: "main", tabindex: "-1"}, this.content)
    const skip = h("button", {type: "button", class: "skip", on: {click: () => this.main.focus()}}, "Skip to the finding")
    this.root = h("div", {class: layout.pane ? "page pane" : "page"}, skip, this.rail.element,
      h("div", {class: "column"}, this.top.element, this.bar.element, this.main), this.rail.drawer, this.dialog.box, this.toasts.box)
    for (const view of [...layout.views].reverse()) this.place(view)
  }

  card(chart) {
    if (!this.cards.has(chart.name)) this.cards.set(chart.name, new Card(chart, this.act))
    return this.cards.get(chart.name)
  }

  // A card that is on several views moves to the one that is shown.
  place(view) {
    for (const chart of view.cards) {
      const card = this.card(chart)
      card.element.style.setProperty("--span", chart.span)
      this.grids.get(view.name).append(card.element)
    }
  }

  shownCards() {
    return this.views.get(this.current).cards.map((chart) => this.card(chart))
  }

  open(name) {
    const view = this.views.get(name)
    if (!view || name === this.current) return
    const moved = this.current !== null
    this.current = name
    this.rail.show(name)
    this.top.show(view.title)
    document.title = `${view.title} · ${this.layout.title}`
    for (const [other, grid] of this.grids) grid.hidden = other !== name
    this.place(view)
    if (this.controls) for (const card of this.shownCards()) card.choose(this.controls.settings)
    this.settle()
    if (moved) {
      window.scrollTo({top: 0})
      this.finding.textContent = this.context.textContent = ""
    }
  }

  drawControls() {
    if (!this.model.bar) return
    this.controls = JSON.parse(this.model.bar)
    this.bar.draw(this.controls)
    this.open(this.controls.view)
    const unread = this.controls.unread.join("; ")
    if (unread && unread !== this.unread) this.toasts.say(`Part of the link could not be used: ${unread}.`, 20_000)
    this.unread = unread
    for (const card of this.shownCards()) card.choose(this.controls.settings)
  }

  drawState() {
    if (!this.model.state) return
    const state = JSON.parse(this.model.state)
    this.open(state.view)
    this.state = state
    this.stated = state.stated
    this.pending = new Set(state.pending)
    this.find(state.finding)
    this.bar.count(state.counted)
    this.rail.say(state.foot)
    this.nothing.hidden = !state.empty
    redraw(this.nothing, state.empty ? this.waysBack() : [])
    for (const chart of this.views.get(state.view).cards) {
      if (state.cards[chart.name]) this.card(chart).update(state.cards[chart.name], state.stated, state.file_name)
    }
    if (this.version !== null && state.version !== this.version) this.toasts.say(`Version ${state.version} is here (${state.foot[0].replace("Data to ", "to ")}).`)
    this.version = state.version
    this.root.classList.add("answered")
    this.settle()
    this.drawLate()
  }

  // What takes longer: cards that search, and the sentence that they carry. Until then the old ones stay, dimmed.
  drawLate() {
    if (!this.model.late || !this.state) return
    const late = JSON.parse(this.model.late)
    if (late.question !== this.state.question) return
    performance.clearMarks("late")
    performance.mark("late")  // tells what is drawn at once from what takes longer: benchmarks/browser.py
    if (late.finding) this.find(late.finding)
    for (const [name, card] of Object.entries(late.cards)) {
      if (!this.pending.delete(name)) continue  // it came before, with an earlier part of this answer
      this.cards.get(name)?.update(card, this.state.stated, this.state.file_name)
    }
    this.settle()
  }

  find(said) {
    this.lead.classList.toggle("pending", !said)
    if (!said) return
    this.finding.textContent = said[0]
    this.context.textContent = said[1]
  }

  waysBack() {
    const button = (text, action) => h("button", {type: "button", class: "button", on: {click: () => this.act(action)}}, text)
    return [
      ...this.controls.chips.map((chip) => button(`Remove ${chip.title.toLowerCase()}`, {kind: "remove", dimension: chip.dimension, exclude: chip.exclude})),
      this.controls.dates.presets.some((preset) => !preset.period && preset.chosen) ? null : button("All days", {kind: "dates"}),
      button("Reset", {kind: "reset"}),
    ].filter(Boolean)
  }

  async embed() {
    const {figures} = this.model
    const mode = figures.slice(0, figures.indexOf(":"))
    const packed = figures.slice(figures.indexOf(":") + 1)
    if (!packed || mode !== this.model.mode) return
    const items = await unpacked(packed)
    for (const [name, item] of Object.entries(items)) {
      if (mode !== this.model.mode) return
      const chart = this.layout.views.flatMap((view) => view.cards).find((each) => each.name === name)
      if (chart) await this.card(chart).embed(item, mode)
    }
    this.settle()
  }

  // What is shown in figures that came after the answer, or in another theme.
  repaint() {
    for (const [name, patch] of Object.entries(JSON.parse(this.model.patches || "{}"))) this.cards.get(name)?.plot?.patch(patch)
  }

  // "drawn": the answer is here and every figure of the shown view is on the page.
  settle() {
    for (const card of this.cards.values()) {
      const late = this.pending.has(card.chart.name)
      card.element.classList.toggle("pending", late)
      card.element.setAttribute("aria-busy", String(late || this.model.busy))
    }
    const waiting = this.state?.view !== this.current || this.pending.size || this.shownCards().some((card) => card.plot && card.mode !== this.model.mode)
    this.root.classList.toggle("drawn", !waiting)
    if (!waiting) document.getElementById("app")?.classList.add("drawn")
  }

  paint() {
    const dark = this.model.mode === "dark"
    this.root.classList.toggle("dark", dark)
    document.documentElement.dataset.mode = this.model.mode
    this.top.mode(dark)
  }

  dim() {
    clearTimeout(this.dimming)
    clearTimeout(this.slow)
    const {busy} = this.model
    if (busy) {
      this.dimming = setTimeout(() => this.root.classList.add("busy"), DIM_AFTER_MS)
      this.slow = setTimeout(() => this.toasts.say("Still computing: a shorter period answers sooner."), SLOW_AFTER_MS)
    } else {
      this.root.classList.remove("busy")
    }
    for (const card of this.cards.values()) card.element.setAttribute("aria-busy", String(busy))
  }

  share() {
    const address = window.location.href
    const here = ["localhost", "127.0.0.1", "[::1]"].includes(window.location.hostname)
    const only = here ? " It opens on this computer only: colleagues need a page that is served to the network." : ""
    const said = () => this.toasts.say(`Link copied: view, filters, days, comparison, funnel and card settings are in it.${only}`, here ? 12_000 : 6000)
    const fallback = () => this.dialog.open("Share view", h("p", {}, "This address holds view, filters, days, comparison, funnel and card settings."), h("input", {class: "search", readonly: true, "aria-label": "Address", value: address}))
    if (navigator.clipboard) navigator.clipboard.writeText(address).then(said, fallback)
    else fallback()
  }

  exports(close) {
    const item = (text, words, listener) => h("button", {type: "button", class: "option", on: {click: () => (close(), listener())}}, h("span", {}, text), h("span", {class: "option-words"}, words))
    return [
      item("This view (HTML)", "one file, opens anywhere", () => this.saveReport()),
      item("This view (PDF)", "through the print dialog", () => window.print()),
      h("div", {class: "panel-note"}, this.stated.map((line) => h("p", {}, line))),
      h("p", {class: "panel-note"}, "CSV, Parquet, PNG and SVG of one chart: the download tool of its card."),
    ]
  }

  async saveReport() {
    const blob = await report({root: this.root, content: this.content, cards: this.shownCards(), title: `${this.layout.title}: ${this.views.get(this.current).title}`, stated: this.stated})
    save(blob, `${this.state.file_name}_${this.current}.html`)
  }

  // What is printed, by whatever way, says its filters: the bar that shows them is not on paper.
  writePrinted() {
    redraw(this.printed ??= this.content.parentNode.insertBefore(h("div", {class: "printed"}), this.content), (this.stated || []).map((line) => h("p", {}, line)))
    for (const card of this.shownCards()) card.plot?.print()
  }

  unprint() {
    for (const card of this.shownCards()) card.plot?.unprint()
  }

  savedPanel() {
    const {views, default: chosen} = this.saved
    const name = this.viewName
    const keep = () => {
      if (name.value.trim()) this.act({kind: "save_view", name: name.value})
      name.value = ""
    }
    return [
      h("div", {class: "panel-title"}, "Saved views"),
      views.length ? h("ul", {class: "saved"}, views.map((view) => h("li", {},
        h("a", {href: view.query || "?", class: "option", "data-key": `saved ${view.name}`, on: {click: (event) => {
          event.preventDefault()
          this.top.savedPanel.close()
          window.history.pushState(null, "", window.location.pathname + view.query)
          this.act({kind: "address", query: view.query})
        }}}, view.name),
        h("button", {type: "button", class: "small", "data-key": `default ${view.name}`, "aria-pressed": String(view.name === chosen), title: "Opens when nothing else is asked for, for everybody",
          on: {click: () => this.act({kind: "default_view", name: view.name === chosen ? "" : view.name})}}, view.name === chosen ? "default" : "make default"),
        h("button", {type: "button", class: "tool", "data-key": `delete ${view.name}`, "aria-label": `Delete ${view.name}`, on: {click: () => this.act({kind: "delete_view", name: view.name})}}, icon("close")))))
        : h("p", {class: "panel-note"}, "None yet. A saved view is a name for this link: everybody who opens this store sees it."),
      this.saved.undo && h("p", {class: "panel-note"}, `${this.saved.text} `,
        h("button", {type: "button", class: "link", "data-key": "undo saved", on: {click: () => this.act({kind: "restore_view"})}}, "Undo")),
      h("form", {class: "save-form", on: {submit: (event) => (event.preventDefault(), keep())}}, name, h("button", {type: "submit", class: "button"}, "Save")),
    ]
  }

  heard(message) {
    if (message.kind === "sql") this.dialog.open(message.title, sqlSections(message.questions))
    if (message.kind === "method") this.dialog.open(`How this is computed: ${message.title}`, message.paragraphs.map((text) => h("p", {class: "method"}, text)))
    if (message.kind === "file") fileOf(message)
    if (message.kind === "values") this.bar.values(message)
    if (message.kind === "unread") this.bar.unread(message.text)
    if (message.kind === "uncompared") this.bar.uncompared(message.text)
    if (message.kind === "open") {
      this.rail.count(message.counts)
      for (const [name, card] of this.cards) card.touch(message.touching[name] ?? [])
    }
    if (message.kind === "failed") this.toasts.say(message.text, 20_000)
    if (message.kind === "saved") {
      this.saved = message
      this.top.savedPanel.refresh()
      if (message.text) this.toasts.say(message.text)
    }
  }

  // "/" search, g + letter views, "?" list, Esc undoes the last filter; nothing while somebody types.
  pressed(event) {
    const typing = event.composedPath()[0]
    if (this.layout.pane || event.ctrlKey || event.metaKey || event.altKey || typing?.matches?.("input:not([type=checkbox]), select, textarea")) return
    if (this.root.querySelector("dialog[open], .panel:popover-open")) return
    if (this.chord && performance.now() - this.chord < CHORD_MS) {
      const view = this.layout.views.find((each) => each.key === event.key)
      this.chord = 0
      if (view) return event.preventDefault(), this.act({kind: "view", view: view.name})
    }
    if (event.key === "g") this.chord = performance.now()
    else if (event.key === "/") (event.preventDefault(), this.bar.search())
    else if (event.key === "?") this.dialog.open("Help", help(this.layout))
    else if (event.key === "Escape" && !this.toasts.dismiss()) this.act({kind: "undo"})
  }
}

export function render({model}) {
  const page = new Page(model)
  const forget = followAddress(model, page.act)
  const press = (event) => page.pressed(event)
  window.addEventListener("keydown", press)
  window.addEventListener("beforeprint", () => page.writePrinted())
  window.addEventListener("afterprint", () => page.unprint())
  model.on("bar", () => page.drawControls())
  model.on("days", () => page.bar.hold(model.days))
  model.on("state", () => page.drawState())
  model.on("late", () => page.drawLate())
  model.on("patches", () => page.repaint())
  model.on("figures", () => page.embed())
  model.on("mode", () => { page.paint(); page.embed() })
  model.on("busy", () => page.dim())
  model.on("msg:custom", (message) => page.heard(message))
  model.on("remove", () => {
    forget()
    window.removeEventListener("keydown", press)
    for (const card of page.cards.values()) card.plot?.clear()
  })
  const kept = keptTheme()
  const prefersDark = kept ? kept === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches
  if (model.follows_system && prefersDark !== (model.mode === "dark")) page.act({kind: "prefers", mode: prefersDark ? "dark" : "light"})
  page.paint()
  page.bar.hold(model.days)
  page.drawControls()
  page.drawState()
  page.repaint()
  page.dim()
  page.act({kind: "listens"})
  requestAnimationFrame(() => page.embed())  // Bokeh draws only what is already in the document
  return page.root
}

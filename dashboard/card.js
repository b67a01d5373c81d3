// One card: label, heading, picture, note, and its tools; it keeps its old picture until a new state replaces it.

import {doing, keyOf, legend, twin} from "../_js/body.js"
import {h, icon, redraw} from "../_js/dom.js"
import {nothing} from "../_js/findings.js"
import {panel} from "../_js/popover.js"
import {Plot} from "../_js/plot.js"
import {BODIES} from "../_js/renderers.js"
import {save, snapshot} from "../_js/takeaway.js"

const MOST_BUTTONS = 4

export class Card {
  constructor(chart, act) {
    Object.assign(this, {chart, act, framed: chart.renderer !== "figure+kpis", showsTable: false, state: null, mode: ""})
    this.heading = h("h2", {id: `${chart.name}-heading`, class: this.framed ? "heading" : "unseen"}, chart.label)
    this.holder = h("div", {class: "plot", style: {"min-height": `${chart.height}px`}})
    this.body = h("div", {class: "body"})
    this.legend = h("div", {class: "legends"})
    this.twin = h("div", {hidden: true})
    this.problem = h("div", {class: "problem", role: "alert", hidden: true})
    this.note = h("p", {class: "note"})
    this.touching = h("ul", {class: "touching", "aria-label": "Open findings here"})
    this.settings = h("div", {class: "settings"})
    this.offer = h("div", {class: "offer"})
    const drawn = chart.renderer.startsWith("figure")
    this.plot = drawn ? new Plot(this.holder, (tap) => act({kind: "tap", card: chart.name, ...tap})) : null
    this.picture = h("div", {class: `picture as-${chart.renderer.replace("+", "-")}`},
      drawn && h("div", {}, this.holder, this.legend), this.body, !drawn && this.legend)
    this.element = h("article", {
      class: `${this.framed ? "card" : "strip"} waiting`, id: `card-${chart.name}`, "aria-labelledby": this.heading.id,
      style: {"--height": `${chart.height}px`},
    }, this.framed ? this.head() : this.heading, this.problem, this.picture, this.twin, this.touching, this.framed && this.note)
  }

  head() {
    const tool = (name, label, listener) => h("button", {
      type: "button", class: "tool", title: label, "aria-label": `${label}: ${this.chart.label}`, on: listener && {click: listener}}, icon(name))
    this.tableTool = tool("table", "Show as table", () => this.toggleTable())
    this.tableTool.setAttribute("aria-pressed", "false")
    const download = tool("download", "Download")
    const item = (text, listener) => h("button", {type: "button", class: "option", on: {click: () => (menu.close(), listener())}}, text)
    const menu = panel({button: download, label: `Download: ${this.chart.label}`, className: "menu-panel", draw: () => [
      item(this.figures("CSV"), () => this.act({kind: "csv", card: this.chart.name})),
      item(this.figures("Parquet"), () => this.act({kind: "parquet", card: this.chart.name})),
      item("Picture (PNG)", () => this.takePicture("png")),
      item("Picture (SVG)", () => this.takePicture("svg")),
      item("How this is computed", () => this.act({kind: "method", card: this.chart.name})),
    ]})
    return h("header", {class: "head"},
      h("div", {class: "titles"}, h("p", {class: "label"}, this.chart.label), this.heading),
      h("div", {class: "tools"}, this.offer, this.settings, this.tableTool,
        tool("code", "Show SQL", () => this.act({kind: "sql", card: this.chart.name})), download, menu.box))
  }

  figures(kind) {
    const many = this.state?.tables || 1
    return many > 1 ? `Figures (${kind}, ${many} tables in a zip)` : `Figures (${kind})`
  }

  toggleTable() {
    this.showsTable = !this.showsTable
    this.tableTool.setAttribute("aria-pressed", String(this.showsTable))
    this.draw()
  }

  async takePicture(kind) {
    const blob = await snapshot(this, kind, this.stated || [])
    if (blob) save(blob, `${this.fileName}.${kind}`)
  }

  control({name, options}, settings) {
    const chosen = settings[`${this.chart.name}.${name}`]
    const label = `${name.replaceAll("_", " ")}: ${this.chart.label}`
    const choose = (option) => this.act({kind: "setting", card: this.chart.name, name, option})
    if (options.length > MOST_BUTTONS) {
      const list = h("select", {"aria-label": label, "data-key": name, on: {change: () => choose(list.value)}},
        options.map((option) => h("option", {value: option, selected: option === chosen}, option)))
      return h("label", {class: "picked"}, `${name[0].toUpperCase()}${name.slice(1).replaceAll("_", " ")}`, list)
    }
    const off = this.state?.body?.off?.[name] || {}
    return h("div", {class: "segmented", role: "group", "aria-label": label}, options.map((option) => h("button", {
      type: "button", "data-key": `${name}=${option}`, "aria-pressed": String(option === chosen && !off[option]), disabled: Boolean(off[option]), title: off[option],
      on: {click: () => choose(option)},
    }, option)))
  }

  offered(offer) {
    return offer ? [h("button", {type: "button", class: "button", "data-key": keyOf(offer.action), on: {click: doing(this.act, offer.action)}}, icon(offer.icon), offer.label)] : []
  }

  choose(settings) {
    const now = JSON.stringify([this.chart.settings.map(({name}) => settings[`${this.chart.name}.${name}`]), this.state?.body?.off])
    if (now === this.chosen) return
    this.chosen = now
    this.given = settings
    redraw(this.settings, this.chart.settings.map((setting) => this.control(setting, settings)))
  }

  update(state, stated, fileName) {
    this.state = state
    this.stated = stated
    this.fileName = `${fileName}_${this.chart.name}`
    this.draw()
  }

  // Open findings that touch what is shown, each with what its sessions are.
  touch(lines) {
    redraw(this.touching, lines.map((line) => h("li", {}, icon("drop"), line.action
      ? h("button", {type: "button", class: "link", title: "Shows these sessions alone", "data-key": keyOf(line.action), on: {click: doing(this.act, line.action)}}, line.text)
      : h("span", {}, line.text))))
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
    redraw(this.problem, state.error ? this.failure(state) : this.absent(state))
    this.problem.classList.toggle("failed", Boolean(state.error))
    if (state.error) return
    this.heading.textContent = state.heading
    this.note.textContent = state.note || ""
    this.settings.hidden = Boolean(state.body?.nothing)
    if (this.given) this.choose(this.given)
    redraw(this.offer, this.offered(state.body?.offer))
    if (this.tableTool) this.tableTool.disabled = !state.table
    if (this.showsTable && state.table) redraw(this.twin, twin(state.table, this.act))
    if (state.empty && this.framed) return
    redraw(this.body, BODIES[this.chart.renderer](state.body || {}, this.act, this))
    redraw(this.legend, legend(state.body?.legend))
    this.plot?.patch(state.patch)
  }

  absent(state) {
    if (state.empty && state.body?.nothing) return [nothing(state.body.nothing, this.act)]
    return [icon("empty"), h("p", {}, state.empty || "")]
  }

  failure(state) {
    const again = h("button", {type: "button", class: "button", on: {click: () => this.act({kind: "retry"})}}, "Try again")
    const copy = state.query_id && h("button", {type: "button", class: "button", on: {click: () => navigator.clipboard?.writeText(state.query_id)}}, `Copy id ${state.query_id}`)
    return [icon("warn"), h("div", {}, h("p", {}, state.error), h("div", {class: "buttons"}, again, copy))]
  }

  async embed(item, mode) {
    if (!this.plot || this.mode === mode) return
    this.mode = mode
    if (!item) return this.fail("This chart could not be drawn; the server's log has the details.")
    for (const last of [false, true]) {
      try {
        return await this.plot.show(item, mode)
      } catch (error) {
        console[last ? "error" : "warn"](`${this.chart.name} could not be drawn${last ? "" : "; once more"}: ${error?.stack ?? error}`)
      }
    }
    this.fail("This chart could not be drawn: reload the page.")
  }
}

// A calendar of the store's days: two clicks choose a range. Each day has a bar of its sessions; one without an export is hatched.
//
//   held      {first, sessions: [count, or null without an export]}, the days from the store's first one on
//   shown     {from, to, left_out: [[first, last]]}, the chosen days and those among them that are left out; `choose(first, last)` takes new ones, as ISO texts

import {h, icon, percent} from "../_js/dom.js"

const DAY_MS = 86_400_000
const NARROW = 700
const STEPS = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7}
const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]

const iso = (number) => new Date(number * DAY_MS).toISOString().slice(0, 10)
const numbered = (text) => Date.parse(text) / DAY_MS

// Months are counted from year 0, so that the next one is always one more.
const monthOf = (number) => { const date = new Date(number * DAY_MS); return date.getUTCFullYear() * 12 + date.getUTCMonth() }
const firstOf = (month) => Date.UTC(Math.floor(month / 12), month % 12, 1) / DAY_MS
const weekday = (number) => (number + 3) % 7
const dayOf = (number) => new Date(number * DAY_MS).getUTCDate()
const monthName = (month) => `${MONTHS[month % 12]} ${Math.floor(month / 12)}`
const dayName = (number) => `${WEEKDAYS[weekday(number)]} ${dayOf(number)} ${monthName(monthOf(number))}`

export class Calendar {
  constructor(choose, refresh) {
    Object.assign(this, {choose, refresh, held: {first: "", sessions: []}, pending: null, month: null, focus: null, leftOut: []})
  }

  hold(text) {
    this.held = text ? JSON.parse(text) : this.held
    this.first = numbered(this.held.first)
    this.last = this.first + this.held.sessions.length - 1
    this.most = Math.max(1, ...this.held.sessions)
  }

  // Starts at the end of what is shown; called whenever the panel opens.
  open(shown) {
    this.pending = null
    this.focus = Math.min(this.last, numbered(shown.to))
    this.month = null
  }

  draw(shown) {
    this.leftOut = shown.left_out.map((span) => span.map(numbered))
    const count = window.innerWidth < NARROW ? 1 : 2
    this.month ??= Math.max(monthOf(this.first), monthOf(this.focus) - count + 1)
    this.range = this.pending === null ? [numbered(shown.from), numbered(shown.to)] : [this.pending, this.focus].sort((one, other) => one - other)
    const months = Array.from({length: count}, (_, place) => this.month + place)
    if (!months.includes(monthOf(this.focus))) this.focus = Math.max(this.first, Math.min(this.last, firstOf(this.month)))
    this.grid = h("div", {class: "months", on: {keydown: (event) => this.move(event), mouseover: (event) => this.preview(event)}},
      months.map((month) => this.drawMonth(month)))
    const turn = (by, label, enabled) => h("button", {type: "button", class: `tool turn ${by < 0 ? "back" : ""}`, "data-key": label, "aria-label": label, disabled: !enabled,
      on: {click: () => { this.month += by; this.refresh() }}}, icon("down"))
    return h("div", {class: "calendar"},
      turn(-1, "Earlier months", this.month > monthOf(this.first)), turn(1, "Later months", this.month + count <= monthOf(this.last)),
      this.grid,
      h("p", {class: "panel-note", role: "status"}, this.pending === null ? "Choose a first and a last day; hatched days have no export."
        : `From ${dayName(this.pending)}: choose the last day.`))
  }

  drawMonth(month) {
    const start = firstOf(month), end = firstOf(month + 1), begin = start - weekday(start)
    const weeks = Array.from({length: Math.ceil((end - begin) / 7)}, (_, week) => begin + 7 * week)
    const name = monthName(month)
    return h("table", {class: "month", role: "grid", "aria-label": name}, h("caption", {}, name),
      h("thead", {}, h("tr", {}, WEEKDAYS.map((text) => h("th", {scope: "col", abbr: text}, text.slice(0, 2))))),
      h("tbody", {}, weeks.map((week) => h("tr", {}, [0, 1, 2, 3, 4, 5, 6].map((place) => {
        const number = week + place
        return number < start || number >= end ? h("td", {}) : this.drawDay(number)
      })))))
  }

  drawDay(number) {
    const sessions = this.held.sessions[number - this.first]
    const outside = number < this.first || number > this.last
    const [from, to] = this.range
    const inside = number >= from && number <= to
    const left = this.leftOut.some(([first, last]) => first <= number && number <= last)
    const counted = outside ? "not in the store" : sessions == null ? "no export" : `${sessions.toLocaleString("en")} sessions${left ? ", left out" : ""}`
    return h("td", {"aria-selected": String(inside), class: [inside && "inside", number === from && "from", number === to && "to"].filter(Boolean).join(" ")},
      h("button", {
        type: "button", class: `day-button ${!outside && sessions == null ? "gap" : ""} ${left ? "left-out" : ""}`, disabled: outside, "data-key": iso(number), "data-day": number,
        tabindex: number === this.focus ? "0" : "-1", "aria-label": `${dayName(number)}, ${counted}`, title: `${dayName(number)}: ${counted}`,
        on: {click: () => this.take(number)},
      }, String(dayOf(number)), h("i", {style: {width: percent((sessions || 0) / this.most)}})))
  }

  take(number) {
    this.focus = number
    if (this.pending === null) {
      this.pending = number
      this.refresh()
    } else {
      const [first, last] = [this.pending, number].sort((one, other) => one - other)
      this.pending = null
      this.choose(iso(first), iso(last))
    }
  }

  preview(event) {
    const number = Number(event.target.closest("[data-day]")?.dataset.day)
    if (this.pending === null || !number) return
    const [from, to] = [this.pending, number].sort((one, other) => one - other)
    for (const button of this.grid.querySelectorAll("[data-day]")) {
      const day = Number(button.dataset.day)
      button.parentElement.className = [day >= from && day <= to && "inside", day === from && "from", day === to && "to"].filter(Boolean).join(" ")
    }
  }

  // Arrows move by days and weeks, Home and End within the week, Page Up and Down by months.
  move(event) {
    const {focus} = this
    const ends = {Home: focus - weekday(focus), End: focus + 6 - weekday(focus)}
    const pages = {PageUp: -1, PageDown: 1}
    let next = focus + (STEPS[event.key] ?? NaN)
    if (event.key in ends) next = ends[event.key]
    if (event.key in pages) {
      const month = monthOf(focus) + pages[event.key]
      next = Math.min(firstOf(month) + focus - firstOf(monthOf(focus)), firstOf(month + 1) - 1)
    }
    if (Number.isNaN(next)) return
    event.preventDefault()
    this.focus = Math.max(this.first, Math.min(this.last, next))
    const month = monthOf(this.focus)
    const count = this.grid.children.length
    if (month < this.month) this.month = month
    if (month >= this.month + count) this.month = month - count + 1
    const box = this.grid.getRootNode()
    this.refresh()
    box.querySelector(`[data-day="${this.focus}"]`)?.focus({preventScroll: true})
  }
}

// The filter bar: days, comparison, funnel, chips, more filters, and how many sessions are left. One bar for all views.
//
//   controls  {chips, dates: {label, name, presets, first, last, from, to, missing}, compare: {label, reason, mode, options, from, to},
//              funnel: {label, name, options, steps}, minimum: {options, chosen}, resettable}, as dashboard/filter_bar.py makes it

import {Calendar} from "../_js/calendar.js"
import {h, icon, redraw} from "../_js/dom.js"
import {Filters} from "../_js/filterpanel.js"
import {panel} from "../_js/popover.js"

function opener(name, key) {
  const text = h("b", {})
  const before = h("span", {class: "key", hidden: !key}, key)
  const after = h("span", {class: "reason"})
  const button = h("button", {type: "button", class: "button control"}, name && icon(name), before, h("span", {}, text, after), icon("down"))
  return {button, say(words, named = key, reason = "") {
    text.textContent = words
    after.textContent = reason && `, ${reason}`
    before.textContent = named || ""
    before.hidden = !named
  }}
}

const SETTLED_MS = 900

// A day is taken when it is whole and nobody types on: a browser tells every key, and to draw anew takes the field away.
function dayInput(properties, take) {
  let waiting = null
  const input = h("input", {type: "date", ...properties, on: {
    change: () => soon(SETTLED_MS),
    keydown: (event) => (event.key === "Enter" ? soon(0) : waiting && soon(SETTLED_MS)),
    blur: () => waiting && soon(0),
  }})
  const soon = (milliseconds) => {
    clearTimeout(waiting)
    waiting = setTimeout(() => {
      waiting = null
      if (input.value && input.value >= input.min && input.value <= input.max) take()
    }, milliseconds)
  }
  return input
}

class DatesPanel {
  constructor(state, act) {
    Object.assign(this, {state, act})
    this.calendar = new Calendar((first, last) => this.act({kind: "dates", first, last}), () => this.refresh())
    this.typed = h("input", {class: "search", "data-key": "typed-days", autocomplete: "off", placeholder: "2–7 jul, last 14 days, not 5 jul", "aria-describedby": "typed-problem",
      on: {keydown: (event) => event.key === "Enter" && this.read()}})
    this.problem = h("p", {class: "typed-problem", id: "typed-problem", role: "status"})
  }

  read() {
    this.say("")
    this.reading = Boolean(this.typed.value.trim())
    if (this.reading) this.act({kind: "dates", text: this.typed.value})
  }

  say(words) {
    this.reading = false
    this.problem.textContent = words
  }

  opened() {
    this.typed.value = ""
    this.say("")
    if (this.state.controls) this.calendar.open(this.state.controls.dates)
  }

  // What was typed is understood when new days arrive: the panel has done its work.
  draw() {
    const {dates} = this.state.controls
    if (this.reading) this.reading = void queueMicrotask(() => this.close())
    const choose = () => this.act({kind: "dates", first: first.value, last: last.value})
    const input = (label, value, key) => dayInput({"aria-label": label, "data-key": key, min: dates.first, max: dates.last, value}, choose)
    const first = input("First day", dates.from, "first")
    const last = input("Last day", dates.to, "last")
    return [
      h("div", {class: "days-choice"},
        h("ul", {class: "options"}, dates.presets.map((preset) => h("li", {}, h("button", {
          type: "button", class: "option", "data-key": preset.title, "aria-pressed": String(preset.chosen),
          on: {click: () => (this.act({kind: "dates", period: preset.period}), this.close())},
        }, h("span", {}, preset.title), h("span", {class: "option-words"}, preset.days))))),
        h("div", {},
          h("label", {class: "typed"}, "Type days, then Enter", this.typed), this.problem,
          h("div", {class: "pair"}, h("label", {}, "From", first), h("label", {}, "To", last)),
          dates.first ? this.calendar.draw(dates) : null,
          dates.missing ? h("p", {class: "panel-note"}, `${dates.label}: ${dates.missing}.`) : null)),
    ]
  }
}

function comparePanel(state, act, close) {
  const {compare, dates} = state.controls
  const input = (label, value, key) => dayInput({"aria-label": label, "data-key": key, min: dates.first, max: dates.last, value},
    () => first.value && last.value && act({kind: "compare", mode: "custom", first: first.value, last: last.value}))
  const first = input("Compare from", compare.from || dates.first, "compare-first")
  const last = input("Compare to", compare.to || dates.last, "compare-last")
  return [
    h("div", {class: "panel-title"}, `Compare ${dates.label} with`),
    h("ul", {class: "options"}, compare.options.map((option) => h("li", {}, h("button", {
      type: "button", class: "option", "data-key": option.mode, "aria-pressed": String(option.mode === compare.mode), disabled: !option.possible,
      on: {click: () => {
        if (option.mode === "custom") act({kind: "compare", mode: "custom", first: first.value, last: last.value})
        else {
          act({kind: "compare", mode: option.mode})
          close()
        }
      }},
    }, h("span", {}, option.title), h("span", {class: "option-words"}, option.words))))),
    h("label", {class: "typed"}, "Type days, then Enter", h("input", {class: "search", "data-key": "typed-compare", autocomplete: "off", placeholder: "2–7 jul, september", "aria-describedby": "compare-problem",
      on: {keydown: (event) => event.key === "Enter" && event.target.value.trim() && act({kind: "compare", mode: "custom", text: event.target.value})}})),
    h("p", {class: "typed-problem", id: "compare-problem", role: "status"}, state.compareProblem || ""),
    h("div", {class: "pair"}, h("label", {}, "From", first), h("label", {}, "To", last)),
    h("p", {class: "panel-note"}, "Counts are compared per day with data, rates in percentage points."),
  ]
}

function funnelPanel(state, act) {
  const {funnel} = state.controls
  const choose = () => {
    const steps = boxes.filter((box) => box.checked).map((box) => Number(box.value))
    act({kind: "funnel", name: funnel.name, steps})
  }
  const chosen = funnel.steps.filter((step) => step.chosen).length
  const boxes = funnel.steps.map((step) => h("input", {
    type: "checkbox", value: step.position, checked: step.chosen, disabled: step.chosen && chosen <= 2, "data-key": `step ${step.position}`, on: {change: choose},
  }))
  return [
    h("div", {class: "panel-title"}, "Funnel"),
    h("ul", {class: "options"}, funnel.options.map((option) => h("li", {}, h("button", {
      type: "button", class: "option", "data-key": option.name, "aria-pressed": String(option.name === funnel.name), disabled: !option.possible,
      on: {click: () => act({kind: "funnel", name: option.name, steps: []})},
    }, h("span", {}, option.name), h("span", {class: "option-words"}, option.words))))),
    h("div", {class: "panel-title"}, `Steps of ${funnel.name}`),
    h("ul", {class: "checks"}, funnel.steps.map((step, place) => h("li", {}, h("label", {}, boxes[place], h("span", {}, step.name), h("span", {class: "option-words"}, step.words))))),
    h("p", {class: "panel-note"}, "A session counts at a step when it meets its rule or a later one's. At least two steps stay."),
  ]
}

function chipList(state, act, edit) {
  const remove = (chip) => act({kind: "remove", dimension: chip.dimension, exclude: chip.exclude})
  return state.controls.chips.map((chip) => h("li", {class: "chip"},
    h("button", {
      type: "button", class: "chip-body", "data-key": `chip ${chip.dimension} ${chip.exclude}`, title: `${chip.values} (Delete removes it)`,
      on: {
        click: () => edit(chip.dimension, chip.exclude),
        keydown: (event) => ["Delete", "Backspace"].includes(event.key) && (event.preventDefault(), remove(chip)),
      },
    }, `${chip.title} ${chip.verb} `, h("b", {}, chip.label)),
    h("button", {type: "button", class: "chip-x", "data-key": `remove ${chip.dimension} ${chip.exclude}`, "aria-label": `Remove filter ${chip.title}`, on: {click: () => remove(chip)}}, icon("close"))))
}

// On a phone the bar scrolls sideways: an edge behind which there is more fades. Returns what looks at the edges anew, and
// brings a part of the bar into sight if it is told to. Elsewhere it asks for nothing: to ask is to lay the page out.
function scrolls(strip) {
  let narrow = false
  const look = () => {
    strip.classList.toggle("more-before", strip.scrollLeft > 1)
    strip.classList.toggle("more-after", strip.scrollLeft + strip.clientWidth < strip.scrollWidth - 1)
  }
  strip.addEventListener("scroll", look, {passive: true})
  new ResizeObserver(([strip]) => (narrow = strip.contentRect.width > 0) && look()).observe(strip)
  return (part) => narrow && requestAnimationFrame(() => {
    if (part?.isConnected) part.scrollIntoView({block: "nearest", inline: "center"})
    look()
  })
}

export function filterBar(layout, act) {
  const state = {layout, controls: null}
  const dates = opener("calendar", null)
  const compare = opener(null, "Compare")
  const funnel = opener(null, "Funnel")
  const add = h("button", {type: "button", class: "button add"}, icon("plus"), "Filter")
  const days = new DatesPanel(state, act)
  const filters = new Filters(state, act)
  const panels = {
    dates: panel({button: dates.button, label: "Days", draw: () => days.draw(), opened: () => days.opened(), className: "days-panel"}),
    compare: panel({button: compare.button, label: "Comparison", draw: () => comparePanel(state, act, () => panels.compare.close())}),
    funnel: panel({button: funnel.button, label: "Funnel and its steps", draw: () => funnelPanel(state, act)}),
    filters: panel({button: add, label: "Filters", draw: () => filters.draw(), opened: () => filters.opened(), className: "wide"}),
  }
  days.refresh = () => panels.dates.refresh()
  days.close = () => panels.dates.close()
  filters.refresh = () => panels.filters.refresh()
  const chips = h("ul", {class: "chips", "aria-label": "Active filters"})
  const counted = h("p", {class: "counted", role: "status"})
  const reset = h("button", {type: "button", class: "button quiet", hidden: true, on: {click: () => act({kind: "reset"})}}, "Reset")
  const strip = h("div", {class: "filter-strip"}, dates.button, compare.button, funnel.button, chips, add, reset)
  const element = h("div", {class: "filter-bar", role: "region", "aria-label": "Filters"}, strip, counted, Object.values(panels).map((each) => each.box))
  const fade = scrolls(strip)

  function edit(dimension, exclude = false) {
    if (dimension === "days") return panels.dates.open()
    if (dimension === "step") return panels.funnel.open()
    if (dimension === "compare") return panels.compare.open()
    Object.assign(filters, {dimension, exclude})
    panels.filters.open()
  }

  return {
    element,
    search: () => panels.filters.isOpen() || panels.filters.open(),
    edit,
    hold: (text) => days.calendar.hold(text),
    unread: (text) => days.say(text),
    uncompared: (text) => {
      state.compareProblem = text
      panels.compare.refresh()
      state.compareProblem = ""
    },
    values: (message) => filters.answered(message),
    count: (text) => { if (counted.textContent !== text) counted.textContent = text },
    draw(controls) {
      state.controls = controls
      dates.say(controls.dates.label, controls.dates.name)
      compare.say(controls.compare.label, "Compare", controls.compare.reason)
      funnel.say(controls.funnel.label)
      for (const each of [dates, compare, funnel]) each.button.hidden = false
      const root = element.getRootNode()
      const held = element.contains(root.activeElement)
      const before = chips.childElementCount
      redraw(chips, chipList(state, act, edit))
      chips.hidden = !controls.chips.length
      reset.hidden = !controls.resettable || (controls.chips.length < 2 && !controls.dates.presets.some((preset) => !preset.period && !preset.chosen))
      for (const each of Object.values(panels)) each.refresh()
      if (held && !element.contains(root.activeElement)) add.focus({preventScroll: true})  // its chip is gone
      if (panels.filters.isOpen()) filters.ask()
      fade(controls.chips.length > before && chips.lastElementChild)
    },
  }
}

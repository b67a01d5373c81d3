// Draws the bodies that dashboard/body.py describes: key figures, tables, legends. Strings are shown as text.

import {color, h, percent} from "./dom.js"

const LONG = 40

// What a click on a mark asks for (Action in dashboard/body.py): a click filters, Shift adds, Alt excludes.
export function doing(act, action) {
  return (event) => act({kind: "filter", ...action, additive: event.shiftKey, exclude: event.altKey || Boolean(action.exclude)})
}

export function keyOf(action) {
  return `do ${JSON.stringify(action)}`
}

export function legend(items) {
  if (!items?.length) return null
  return h("ul", {class: "legend"}, items.map((item) => h("li", {},
    item.shape !== "none" && h("span", {class: `swatch ${item.shape || "square"}`, style: {"--swatch": color(item.color, "text-tertiary")}}),
    item.label)))
}

function dayBars(days) {
  return h("span", {class: "days", "aria-hidden": "true"}, days.map((bar) => h("span", {
    class: `day ${bar.value == null ? "gap" : ""}`, title: bar.title,
    style: {height: bar.value == null ? "100%" : `max(2px, ${percent(bar.value)})`, background: bar.color && color(bar.color)},
  }, bar.label && h("b", {}, bar.label))))
}

export function kpis(body) {
  const cells = body.cells || []
  return [h("ul", {class: "kpis"}, cells.map((cell) => h("li", {class: cell.first_on_phone ? "first" : null},
    h("div", {class: "kpi-label"}, cell.label),
    h("div", {class: "kpi-value"}, h("span", {title: cell.exact !== cell.value ? cell.exact : null}, cell.value)),
    h("div", {class: "kpi-line"},
      cell.delta && h("b", {class: cell.tone && `tone-${cell.tone}`}, cell.delta),
      cell.delta && cell.interval && " ", cell.interval),
    h("div", {class: "kpi-line"}, cell.detail)))),
  h("div", {class: "kpi-names", "aria-hidden": "true"}, cells.map((cell) => h("span", {}, cell.short)))]
}

function span(drawn) {
  const {low, high, mark} = drawn
  return h("span", {class: "span", "aria-hidden": "true", style: {"--mark": color(drawn.color)}},
    h("i", {class: drawn.open ? "reach open" : "reach", style: {left: percent(low), right: `calc(100% - ${percent(high)})`}}),
    mark != null && h("i", {class: `point ${drawn.shape || "circle"}`, style: {left: percent(mark)}}))
}

// The name of a row breaks after a dot or a dash rather than within a word.
function breakable(name) {
  return name.split(/(?<=[./_-])(?=\w)/).flatMap((piece, place) => (place ? [h("wbr"), piece] : piece))
}

function cellContent(cell, act, names) {
  const text = [
    cell.text && h("span", {class: "cell-text", dir: "auto"}, names ? breakable(cell.text) : cell.text),
    cell.sub && h("span", {class: "cell-sub"}, cell.sub),
    cell.narrow && h("span", {class: "cell-sub narrow-only"}, cell.narrow),
  ]
  const label = cell.action
    ? h("button", {type: "button", class: "cell-button", "data-key": keyOf(cell.action), on: {click: doing(act, cell.action)}}, text)
    : text
  return [
    cell.bar != null && h("span", {class: "bar", style: {width: percent(cell.bar)}}),
    cell.span && span(cell.span),
    cell.days && dayBars(cell.days),
    cell.fill
      ? h("span", {class: "fill", style: {background: color(cell.fill), color: color(`on-${cell.fill}`)}}, label)
      : cell.hatch ? h("span", {class: "fill hatched"}, label) : label,
  ]
}

function cellClass(cell, column) {
  return [
    column?.align || "left", cell.bold && "bold", cell.tone && `tone-${cell.tone}`, column?.hide_narrow && "wide-only",
    (cell.fill || cell.hatch) && "filled", cell.bar != null && "barred",
  ].filter(Boolean).join(" ")
}

export function table(body, act) {
  const columns = body.columns || []
  const head = h("tr", {}, columns.map((column) => h("th", {
    scope: "col", class: [column.align || "left", column.hide_narrow && "wide-only"].filter(Boolean).join(" "),
    title: column.title, "aria-sort": column.sorted, style: {width: column.width},
  }, column.label, column.sorted && h("span", {"aria-hidden": "true"}, column.sorted === "descending" ? "\u00a0↓" : "\u00a0↑"))))
  const rows = (body.rows || []).map((row) => h("tr", {class: row.kind || null},
    row.cells.map((cell, place) => h(place ? "td" : "th", {
      scope: place ? null : "row", class: cellClass(cell, columns[place]), title: cell.title || (!place && cell.text?.length > LONG ? cell.text : null),
    }, cellContent(cell, act, !place)))))
  return [
    h("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": body.caption},
      h("table", {class: body.dense ? "rows dense" : "rows"}, h("caption", {class: "unseen"}, body.caption),
        h("thead", {}, head), h("tbody", {}, rows))),
  ]
}

export function twin(twinTable, act) {
  const named = (text, action) => (action ? h("button", {type: "button", class: "cell-button", "data-key": keyOf(action), on: {click: doing(act, action)}}, text) : text)
  const numeric = (place) => (twinTable.numeric?.[place] ? "right" : "left")
  return h("div", {class: "scroll twin", tabindex: "0", role: "region", "aria-label": twinTable.caption},
    h("table", {class: "rows dense"}, h("caption", {}, twinTable.caption),
      h("thead", {}, h("tr", {}, twinTable.headers.map((text, place) => h("th", {scope: "col", class: numeric(place)}, text)))),
      h("tbody", {}, twinTable.rows.map((row, line) => h("tr", {}, row.map((text, place) =>
        h(place ? "td" : "th", {scope: place ? null : "row", class: numeric(place)}, place ? text : named(text, twinTable.actions?.[line]))))))))
}

// Draws the bodies that dashboard/boards.py describes: leaderboards and heat strips. Strings are shown as text.

import {doing, keyOf} from "../_js/body.js"
import {h, percent} from "../_js/dom.js"

const searched = new Map()
const unfolded = new Set()

function boardRow(row, act) {
  const name = h("span", {class: "board-name"}, h("i", {style: {width: percent(row.bar)}}), h("span", {}, row.name))
  const first = row.action
    ? h("button", {type: "button", class: "board-button", "data-key": keyOf(row.action), title: row.name, "aria-pressed": String(row.state === "selected"), on: {click: doing(act, row.action)}}, name)
    : name
  return h("tr", {class: row.state || null},
    h("th", {scope: "row"}, first), row.cells.map((cell, place) => h("td", {title: row.titles?.[place]}, cell, row.subs?.[place] && h("small", {}, row.subs[place]))))
}

function board(one, heads, act) {
  const rows = one.rows.map((row) => ({row, element: boardRow(row, act)}))
  const none = h("p", {class: "board-none", hidden: true}, "No value holds this text.")
  const more = h("button", {type: "button", class: "link", "data-key": `more ${one.title}`, on: {click: () => {
    unfolded[unfolded.has(one.title) ? "delete" : "add"](one.title)
    show()
  }}})
  function show() {
    const text = (searched.get(one.title) || "").trim().toLowerCase()
    const all = unfolded.has(one.title)
    let seen = 0
    rows.forEach(({row, element}, place) => {
      element.hidden = text ? !row.name.toLowerCase().includes(text) : !(all || (place < one.shown && row.state !== "few") || row.state === "selected" || row.state === "excluded")
      if (!element.hidden) seen += 1
    })
    none.hidden = seen > 0
    more.hidden = Boolean(text) || rows.length <= seen && !all
    more.textContent = all ? "Show fewer" : `${rows.length - seen} more${one.few ? `, ${one.few} of them too few to rank` : ""}`
  }
  const search = h("input", {type: "search", class: "board-search", placeholder: "Search", "aria-label": `Search ${one.title}`, "data-key": `search ${one.title}`,
    value: searched.get(one.title) || null, on: {input: (event) => { searched.set(one.title, event.target.value); show() }}})
  const element = h("section", {class: "board", "aria-label": one.title},
    h("header", {}, h("h3", {}, one.title), one.rows.length > one.shown && search,
      one.open && h("button", {type: "button", class: "link", "data-key": keyOf(one.open), on: {click: doing(act, one.open)}}, one.open_label)),
    h("table", {class: "board-rows"}, h("caption", {class: "unseen"}, one.title),
      h("thead", {}, h("tr", {}, h("th", {scope: "col"}, h("span", {class: "unseen"}, "Value")), heads.map((head) => h("th", {scope: "col", "aria-sort": head.sorted || "none"},
        h("button", {type: "button", class: head.sorted ? "board-sort on" : "board-sort", "data-key": `${one.title} ${keyOf(head.action)}`, on: {click: doing(act, head.action)}},
          head.label, head.sorted && h("span", {"aria-hidden": "true"}, head.sorted === "descending" ? "\u00a0↓" : "\u00a0↑")))))),
      h("tbody", {}, rows.map(({element: drawn}) => drawn))), none, more)
  show()
  return element
}

export function boards(body, act) {
  return [h("div", {class: "boards", role: "group", "aria-label": body.caption}, (body.boards || []).map((one) => board(one, body.heads, act)))]
}

export function heat(body) {
  const columns = body.columns || []
  const template = `minmax(96px, 150px) repeat(${columns.length}, minmax(3px, 1fr)) 72px`
  const line = (row) => h("li", {class: "heat-row", style: {"grid-template-columns": template}},
    h("span", {class: "heat-label"}, row.label),
    row.cells.map((cell) => h("i", {
      class: cell.empty ? "heat-cell bare" : cell.level == null ? "heat-cell hatched" : "heat-cell", title: cell.title,
      style: {background: cell.level == null || cell.empty ? null : `var(--sl-sequential-${cell.level})`},
    }, cell.mark && h("b", {}, cell.mark))),
    h("span", {class: "heat-text"}, row.text))
  return [
    h("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": body.caption},
      h("ul", {class: "heat"}, (body.rows || []).map(line)),
      h("div", {class: columns.length > 8 ? "heat-row heat-axis" : "heat-row heat-axis near", "aria-hidden": "true", style: {"grid-template-columns": template}}, h("span"),
        columns.map((text) => h("span", {}, text && h("b", {}, text))), h("span"))),
  ]
}

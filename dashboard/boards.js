// Draws the bodies that dashboard/boards.py describes: leaderboards and heat strips. Strings are shown as text.

import {doing, keyOf} from "../_js/body.js"
import {h, percent} from "../_js/dom.js"

const SHORT = 4
const searched = new Map()
const unfolded = new Set()

function boardRow(row, act) {
  const name = h("span", {class: "board-name", dir: "auto"}, h("i", {style: {width: percent(row.bar)}}), h("span", {}, row.name))
  const first = row.action
    ? h("button", {type: "button", class: "board-button", "data-key": keyOf(row.action), title: row.name, "aria-pressed": String(row.state === "selected"), on: {click: doing(act, row.action)}}, name)
    : name
  return h("tr", {class: row.state || null},
    h("th", {scope: "row"}, first), row.cells.map((cell, place) => h("td", {title: row.titles?.[place], class: row.marks?.[place] || null}, cell, row.subs?.[place] && h("small", {}, row.subs[place]))))
}

function board(one, heads, act) {
  const rows = one.rows.map((row) => ({row, element: boardRow(row, act)}))
  const ranks = one.rows.length > one.few
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
      element.hidden = text ? !row.name.toLowerCase().includes(text) : !(all || (place < one.shown && (row.state !== "few" || !ranks)) || row.state === "selected" || row.state === "excluded")
      if (!element.hidden) seen += 1
    })
    none.hidden = !text || seen > 0
    element.classList.toggle("unfolded", all || Boolean(text))
    if (all) scroller.setAttribute("tabindex", "0")
    else scroller.removeAttribute("tabindex")
    more.hidden = Boolean(text) || rows.length <= seen && !all
    more.textContent = all ? "Show fewer" : `${rows.length - seen} more${one.few ? `, ${one.few} of them too few to rank` : ""}${one.unsent ? `; ${one.unsent} smaller ones are found in the filter bar` : ""}`
  }
  const search = h("input", {type: "search", class: "board-search", placeholder: "Search", "aria-label": `Search ${one.title}`, "data-key": `search ${one.title}`,
    value: searched.get(one.title) || null, on: {input: (event) => { searched.set(one.title, event.target.value); show() }}})
  let scroller = null
  const element = h("section", {class: "board", "aria-label": one.title},
    h("header", {}, h("h3", {}, one.title), one.rows.length > one.shown && search,
      one.open && h("button", {type: "button", class: "link leads", "data-key": keyOf(one.open), "aria-label": `${one.open_label} ${one.title}`, title: `${one.title} against a second dimension, in the pivot below`, on: {click: (event) => {
        doing(act, one.open)(event)
        element.getRootNode().getElementById(`card-${one.open.card}`)?.scrollIntoView()
      }}}, one.open_label)),
    scroller = h("div", {class: "board-scroll"}, h("table", {class: "board-rows"}, h("caption", {class: "unseen"}, one.title),
      h("thead", {}, h("tr", {}, h("th", {scope: "col"}, h("span", {class: "unseen"}, "Value")), heads.map((head) => h("th", {scope: "col", "aria-sort": head.sorted || "none"},
        h("button", {type: "button", class: head.sorted ? "board-sort on" : "board-sort", "data-key": `${one.title} ${keyOf(head.action)}`, on: {click: doing(act, head.action)}},
          head.label, head.sorted && h("span", {"aria-hidden": "true"}, head.sorted === "descending" ? "\u00a0↓" : "\u00a0↑")))))),
      h("tbody", {}, rows.map(({element: drawn}) => drawn)))), none, more)
  show()
  return element
}

// Two boards of few rows stand under one another in one place of the grid, where a long one has its own.
function stacked(all) {
  const places = []
  let open = null
  for (const one of all) {
    if (one.rows.length > SHORT) places.push([one])
    else if (open) open = void open.push(one)
    else places.push(open = [one])
  }
  return places
}

export function boards(body, act) {
  return [h("div", {class: body.heads.length > 3 ? "boards four" : "boards", role: "group", "aria-label": body.caption},
    stacked(body.boards || []).map((place) => h("div", {class: "board-place"}, place.map((one) => board(one, body.heads, act)))))]
}

export function heat(body) {
  const columns = body.columns || []
  let words = 0
  const template = `var(--heat-label) repeat(${columns.length}, minmax(var(--heat-cell), 1fr)) 72px`
  const line = (row) => h("li", {class: "heat-row", style: {"grid-template-columns": template}},
    h("span", {class: "heat-label"}, row.label),
    row.cells.map((cell) => h("i", {
      class: `heat-cell${cell.empty ? " bare" : cell.level == null ? " hatched" : ""}${cell.lacks ? " lacks" : ""}`, title: cell.title,
      style: {background: cell.level == null || cell.empty ? null : `var(--sl-sequential-${cell.level})`},
    }, cell.mark && h("b", {}, cell.mark))),
    h("span", {class: "heat-text"}, row.text))
  return [
    h("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": body.caption},
      h("ul", {class: "heat"}, (body.rows || []).map(line)),
      h("div", {class: "heat-row heat-axis", "aria-hidden": "true", style: {"grid-template-columns": template}}, h("span"),
        columns.map((text) => h("span", {}, text && h("b", {class: words++ % 2 ? "spare" : null}, text))), h("span"))),
  ]
}

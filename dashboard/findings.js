// Draws the bodies that dashboard/findings.py describes: ranked findings, parts of a change, notices. Strings are shown as text.

import {doing, keyOf} from "../_js/body.js"
import {color, h, icon, percent} from "../_js/dom.js"

const opened = new Set()
const unfolded = new Set()

function tag(one) {
  return h("span", {class: `tag ${one.look}`}, one.icon && icon(one.icon), one.label)
}

export function nothing(said, act) {
  if (said.sound) return h("ul", {class: "sound"}, said.sound.map((words) => h("li", {}, icon("check"), words)))
  return h("div", {class: "none-found"}, icon(said.icon), h("div", {}, said.title && h("b", {}, said.title), said.text && h("p", {}, said.text),
    said.opens && h("button", {type: "button", class: "button", "data-key": `open ${said.opens}`, on: {click: () => act({panel: said.opens})}}, said.opens_label)))
}

const ALONE = "Opens Overview with these sessions alone; Back returns here. What they share is a leak only beside other sessions"

function button(label, action, act, kind = "button") {
  const title = action.where && action.view ? ALONE : null
  return h("button", {type: "button", class: kind, "data-key": keyOf(action), title, on: {click: doing(act, action)}}, label)
}

function expectedBand(band) {
  const right = band.high < 0.62
  const words = right ? {left: `calc(${percent(band.high)} + 8px)`} : {right: `calc(100% - ${percent(band.low)} + 8px)`}
  return h("div", {class: "finding-line"},
    h("i", {class: "band", style: {left: percent(band.low), width: percent(Math.max(band.high - band.low, 0.004))}}),
    h("i", {class: "tick", style: {left: percent(band.mark)}}), h("b", {style: words}, band.label))
}

function actualBar(bar) {
  const ink = color(bar.color, "loss")
  const words = bar.value < 0.7 ? {left: `calc(${percent(bar.value)} + 8px)`} : {right: `calc(100% - ${percent(bar.value)} + 8px)`}
  return h("div", {class: "finding-line"}, h("i", {class: "bar-actual", style: {width: `max(2px, ${percent(bar.value)})`, background: ink}}),
    h("b", {style: bar.value < 0.7 ? {...words, color: ink} : {...words, color: color(`on-${bar.color || "loss"}`)}}, bar.label))
}

function explained(explain) {
  return h("div", {class: "explained"}, explain.map((said) => h("p", {}, said)))
}

function findingRow(row, place, money, act) {
  const key = row.title
  const inside = row.explain && h("div", {class: "inside", hidden: !opened.has(key)}, explained(row.explain))
  const toggle = row.explain && h("button", {
    type: "button", class: "button quiet", "data-key": `explain ${key}`, "aria-expanded": String(opened.has(key)),
    on: {click: () => {
      inside.hidden = !inside.hidden
      opened[inside.hidden ? "delete" : "add"](key)
      toggle.setAttribute("aria-expanded", String(!inside.hidden))
    }},
  }, "Explain")
  return h("li", {class: "finding-row"},
    h("span", {class: "rank", "aria-hidden": "true"}, String(place + 1)),
    h("div", {class: "what"}, h("h3", {}, row.title), row.why && h("p", {}, row.why), row.tags?.length && h("div", {class: "tags"}, row.tags.map(tag))),
    h("div", {class: "finding-pair"}, row.expected && expectedBand(row.expected), row.actual && actualBar(row.actual)),
    h("div", {class: "stake"}, h("span", {class: "stake-head"}, money), h("b", {}, row.money), h("span", {}, row.range)),
    h("div", {class: "deeds"}, row.action && button(row.action_label, row.action, act), toggle), inside)
}

export function findings(body, act) {
  if (!body.rows?.length) return body.nothing ? [nothing(body.nothing, act)] : []
  const rows = body.rows.map((row, place) => findingRow(row, place, body.heads[2], act))
  const shown = body.shown || rows.length
  const more = rows.length > shown && h("button", {type: "button", class: "link", "data-key": `more ${body.caption}`, on: {click: () => {
    unfolded[unfolded.has(body.caption) ? "delete" : "add"](body.caption)
    fold()
  }}})
  function fold() {
    if (!more) return
    const all = unfolded.has(body.caption)
    rows.forEach((row, place) => { row.hidden = !all && place >= shown })
    more.textContent = all ? "Show fewer" : `${rows.length - shown} more`
    more.setAttribute("aria-expanded", String(all))
  }
  fold()
  return [
    h("div", {class: "finding-heads", "aria-hidden": "true"}, h("span"), body.heads.map((head) => h("span", {}, head))),
    h("ol", {class: "finding-list", "aria-label": body.caption}, rows), more,
  ]
}

export function notices(body, act) {
  return [
    body.items?.length ? h("ul", {class: body.wide ? "notices wide" : "notices"}, body.items.map((item) => h("li", {},
      h("div", {class: "notice-head"}, tag(item.tag), h("span", {}, item.when)),
      h("p", {}, item.strong && h("b", {}, item.strong), item.strong && " ", item.text),
      item.action && button(item.action_label, item.action, act, "link leads")))) : body.nothing && nothing(body.nothing, act),
    body.action && button(body.action_label, body.action, act, "link leads"),
  ]
}

// Pictures of cards and the report of a view, made in the browser from what is shown; nothing is fetched.

import {h} from "../_js/dom.js"

const SCALE = 2
const PADDING = 16
const MOST = 1.6  // a drawing grows no more than this: on a phone it is small, its letters are not

export function save(blob, name) {
  const link = h("a", {href: URL.createObjectURL(blob), download: name})
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

export function fileOf(message) {
  const content = message.base64 ? Uint8Array.from(atob(message.base64), (character) => character.charCodeAt(0)) : message.text
  save(new Blob([content], {type: message.base64 ? message.type : `${message.type};charset=utf-8`}), message.name)
}

const fonts = () => [...document.styleSheets].flatMap((sheet) => { try { return [...sheet.cssRules] } catch { return [] } })
  .filter((rule) => rule instanceof CSSFontFaceRule && rule.cssText.includes("data:")).map((rule) => rule.cssText)

// The rules of the page with the colours of the shown theme, for a copy that stands alone.
function rules(root) {
  const sheets = [...root.getRootNode().querySelectorAll("style"), ...(root.getRootNode().adoptedStyleSheets || [])]
  const text = sheets.map((sheet) => sheet.textContent ?? [...sheet.cssRules].map((rule) => rule.cssText).join("\n"))
  return [...fonts(), ...text].join("\n").replaceAll(":host", ".copy")
}

// A copy of an element whose canvases have become pictures; its tools and what leads elsewhere are gone. `pictured` makes
// the picture of a plot.
async function copied(element, plots, pictured = painted) {
  const copy = element.cloneNode(true)
  for (const box of element.querySelectorAll(".board-search")) {
    const twin = copy.querySelector(`[data-key="${CSS.escape(box.dataset.key)}"]`)
    if (box.value && twin) twin.replaceWith(h("span", {class: "searched"}, `with “${box.value}”`))
  }
  const [shown, holders] = [element, copy].map((part) => [...part.querySelectorAll(".plot")])
  copy.querySelectorAll(".tools, .panel, [hidden], .unseen, .deeds, .button, .leads, input").forEach((part) => part.remove())
  still(copy)
  await Promise.all(holders.map(async (holder, place) => {
    const plot = copy.contains(holder) && plots.find((each) => each.holder === shown[place])  // a chart shown as a table is gone
    const image = plot && await pictured(plot)
    if (image) holder.replaceChildren(image)
  }))
  return copy
}

// A plot as it is on the page, as large as there.
async function painted(plot) {
  const blob = await plot.png()
  const {width} = plot.holder.getBoundingClientRect()
  return blob && h("img", {src: await address(blob), alt: "", style: {width: `${width}px`, "max-width": "100%", display: "block"}})
}

// A plot as a drawing that fills its card, which may be wider in a file than it is on the page, and stays sharp there.
async function drawn(plot) {
  const figure = await plot.svg()
  if (!figure) return null
  const [width, height] = ["width", "height"].map((side) => figure.getAttribute(side))
  figure.setAttribute("viewBox", `0 0 ${width} ${height}`)
  figure.prepend(part("style", {}, fonts().join("\n")))
  const blob = new Blob([new XMLSerializer().serializeToString(figure)], {type: "image/svg+xml"})
  return h("img", {src: await address(blob), alt: "", style: {width: "100%", "max-width": `${MOST * width}px`, display: "block"}})
}

// Nothing in a copy can be clicked: buttons become their text, and sentences that tell how to click go.
function still(copy) {
  copy.querySelectorAll("button").forEach((button) => button.replaceWith(h("span", {}, [...button.childNodes])))
  copy.querySelectorAll("[title]").forEach((part) => { part.title = part.title.replace(/; [^;]*\bclick\b[^;]*$/, "") })
  copy.querySelectorAll(".note").forEach((note) => {
    note.textContent = unclicked(note.textContent)
  })
}

function unclicked(text) {
  return text.split(/(?<=\.) /).filter((sentence) => !/\bclick\b|Shift adds/i.test(sentence)).join(" ")
}

function address(blob) {
  return new Promise((resolve) => {
    const reader = new FileReader()
    reader.onload = () => resolve(reader.result)
    reader.readAsDataURL(blob)
  })
}

function drawing(markup, width, height) {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`
    + `<foreignObject width="100%" height="100%">${markup}</foreignObject></svg>`
}

const SVG = "http://www.w3.org/2000/svg"
const LEGEND_GAP = 22
const LEGEND_ROW = 20

function part(name, properties, ...children) {
  const made = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(properties)) made.setAttribute(key, value)
  made.append(...children)
  return made
}

// The words of a text in lines that fit a width, as SVG below one another; returns them with the place below.
function lines(text, {top, width, size, height, weight = 400, color}) {
  const pen = document.createElement("canvas").getContext("2d")
  pen.font = `${weight} ${size}px Roboto, sans-serif`
  const rows = [""]
  for (const word of text.split(" ")) {
    const longer = rows.at(-1) ? `${rows.at(-1)} ${word}` : word
    if (pen.measureText(longer).width <= width) rows[rows.length - 1] = longer
    else rows.push(word)
  }
  const look = {x: PADDING, "font-size": size, "font-weight": weight, "font-family": "Roboto, sans-serif", fill: color}
  return {drawn: rows.map((row, place) => part("text", {...look, y: top + height * (place + 0.75)}, row)), end: top + height * rows.length}
}

// The mark of a legend as the page draws it (.swatch in card.css), in a box 14 wide and 12 high.
const SWATCHES = {
  square: (fill) => [part("rect", {width: 14, height: 12, rx: 3, fill})],
  circle: (fill) => [part("circle", {cx: 7, cy: 6, r: 5, fill})],
  triangle: (fill) => [part("path", {d: "M7 1L12.5 11H1.5Z", fill})],
  line: (fill) => [part("rect", {y: 4.5, width: 14, height: 3, rx: 1, fill})],
  outline: (stroke) => [part("rect", {x: 0.75, y: 0.75, width: 12.5, height: 10.5, rx: 3, fill: "none", stroke, "stroke-width": 1.5})],
  hatch: (_, color) => [part("rect", {x: 0.5, y: 0.5, width: 13, height: 11, rx: 3, fill: "none", stroke: color("border")}),
    part("path", {d: "M1 5L5 1M1 9L9 1M2 11L12 1M6 11L13 4M10 11L13 8", stroke: color("map-line")})],
}

// The legend in as many rows as it needs; returns it with the place below.
function legendRows(legend, {top, width, color}) {
  const pen = document.createElement("canvas").getContext("2d")
  pen.font = "400 12px Roboto, sans-serif"
  let x = PADDING
  const drawn = [...legend.querySelectorAll("li")].flatMap((item) => {
    const swatch = item.querySelector(".swatch")
    const text = swatch ? 20 : 0
    const room = text + pen.measureText(item.textContent).width
    if (x > PADDING && x + room > PADDING + width) [x, top] = [PADDING, top + LEGEND_ROW]
    const shape = Object.keys(SWATCHES).find((name) => swatch?.classList.contains(name))
    const mark = shape && part("g", {transform: `translate(${x} ${top + 3})`}, ...SWATCHES[shape](getComputedStyle(swatch).getPropertyValue("--swatch").trim(), color))
    const words = part("text", {x: x + text, y: top + 13, "font-size": 12, "font-family": "Roboto, sans-serif", fill: color("text-secondary")}, item.textContent)
    x += room + LEGEND_GAP
    return mark ? [mark, words] : [words]
  })
  return {drawn, end: top + LEGEND_ROW}
}

// A chart as an SVG of nothing but shapes and texts, which any drawing program opens.
async function vector(card, stated) {
  const style = getComputedStyle(card.element)
  const color = (token) => style.getPropertyValue(`--sl-${token}`).trim()
  const figure = await card.plot.svg()
  const [inner, high] = ["width", "height"].map((side) => Number(figure.getAttribute(side)))
  const texts = [[card.chart.label, {size: 12, height: 17, color: color("text-tertiary")}], [card.heading.textContent, {size: 15, height: 21, weight: 500, color: color("text")}]]
  const notes = [unclicked(card.note.textContent), stated.join(". ")].filter(Boolean)
  const shown = []
  let top = PADDING
  const write = (text, look) => {
    const {drawn, end} = lines(text, {...look, top, width: inner})
    shown.push(...drawn)
    top = end + 4
  }
  for (const [text, look] of texts) write(text, look)
  shown.push(part("g", {transform: `translate(${PADDING} ${top})`}, figure))
  top += high + 8
  if (card.legend.firstChild) {
    const {drawn, end} = legendRows(card.legend, {top, width: inner, color})
    shown.push(...drawn)
    top = end + 4
  }
  for (const text of notes) write(text, {size: 12, height: 17, color: color("text-tertiary")})
  const [width, height] = [inner + 2 * PADDING, top + PADDING]
  const sheet = part("svg", {xmlns: SVG, width, height, viewBox: `0 0 ${width} ${height}`},
    part("style", {}, fonts().join("\n")), part("rect", {width, height, fill: color("surface")}), ...shown)
  return new Blob([new XMLSerializer().serializeToString(sheet)], {type: "image/svg+xml;charset=utf-8"})
}

// A card as a picture: with its heading, its note, and lines that say filters, days and data version.
export async function snapshot(card, kind, stated) {
  if (kind === "svg" && card.plot && !card.picture.hidden) return await vector(card, stated)
  const {element} = card
  const copy = await copied(element, card.plot ? [card.plot] : [])
  copy.style.margin = "0"
  const root = element.closest(".page")
  const width = Math.ceil(element.getBoundingClientRect().width) + 2 * PADDING
  const dark = root.classList.contains("dark") ? " dark" : ""
  const sheet = h("div", {class: `copy page answered${dark}`, style: {display: "block", width: `${width}px`, padding: `${PADDING}px`, "min-height": "0"}},
    h("style", {}, rules(root)), copy, stated.map((line) => h("p", {class: "stated"}, line)))
  sheet.style.position = "absolute"
  root.append(sheet)
  const height = Math.ceil(sheet.getBoundingClientRect().height)
  sheet.remove()
  sheet.style.position = ""
  const svg = drawing(new XMLSerializer().serializeToString(sheet), width, height)
  const blob = new Blob([svg], {type: "image/svg+xml;charset=utf-8"})
  return kind === "svg" ? blob : await rastered(svg, width, height)
}

async function rastered(svg, width, height) {
  const image = new Image()
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`
  await image.decode()
  const canvas = h("canvas", {width: width * SCALE, height: height * SCALE})
  const context = canvas.getContext("2d")
  context.scale(SCALE, SCALE)
  context.drawImage(image, 0, 0)
  return await new Promise((resolve) => canvas.toBlob(resolve, "image/png"))
}

// The whole view as one HTML file that needs nothing else: sentence, filters, days, version, every card, their tables.
export async function report({root, content, cards, title, stated}) {
  const made = `Made ${new Date().toLocaleString("en-GB", {day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short"})}`
  const plots = cards.map((card) => card.plot).filter(Boolean)
  const copy = await copied(content, plots, drawn)
  const dark = root.classList.contains("dark") ? " dark" : ""
  const page = h("div", {class: `copy page answered report${dark}`}, h("div", {class: "report-head"}, h("b", {}, title), [...stated, made].map((line) => h("p", {}, line))), copy)
  const style = h("style", {}, rules(root))
  const document_ = `<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">`
    + `${h("title", {}, title).outerHTML}${style.outerHTML}<style>body{margin:0}</style></head><body>${page.outerHTML}</body></html>`
  return new Blob([document_], {type: "text/html;charset=utf-8"})
}

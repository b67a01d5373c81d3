// Pictures of cards and the report of a view, made in the browser from what is shown; nothing is fetched.

import {h} from "../_js/dom.js"

const SCALE = 2
const PADDING = 16

export function save(blob, name) {
  const link = h("a", {href: URL.createObjectURL(blob), download: name})
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

export function fileOf(message) {
  const content = message.base64 ? Uint8Array.from(atob(message.base64), (character) => character.charCodeAt(0)) : message.text
  save(new Blob([content], {type: message.base64 ? message.type : `${message.type};charset=utf-8`}), message.name)
}

// The rules of the page with the colours of the shown theme, for a copy that stands alone.
function rules(root) {
  const sheets = [...root.getRootNode().querySelectorAll("style"), ...(root.getRootNode().adoptedStyleSheets || [])]
  const text = sheets.map((sheet) => sheet.textContent ?? [...sheet.cssRules].map((rule) => rule.cssText).join("\n"))
  const fonts = [...document.styleSheets].flatMap((sheet) => { try { return [...sheet.cssRules] } catch { return [] } })
    .filter((rule) => rule instanceof CSSFontFaceRule && rule.cssText.includes("data:")).map((rule) => rule.cssText)
  return [...fonts, ...text].join("\n").replaceAll(":host", ".copy")
}

// A copy of an element whose canvases have become pictures and whose tools are gone.
async function copied(element, plots) {
  const copy = element.cloneNode(true)
  copy.querySelectorAll(".tools, .panel, [hidden], .unseen").forEach((part) => part.remove())
  const holders = [...copy.querySelectorAll(".plot")]
  await Promise.all(holders.map(async (holder, place) => {
    const box = plots[place]?.holder.getBoundingClientRect()
    const blob = await plots[place]?.png()
    if (!blob) return
    const image = h("img", {src: await address(blob), alt: "", style: {width: `${box.width}px`, "max-width": "100%", display: "block"}})
    holder.replaceChildren(image)
  }))
  return copy
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

// A card as a picture: with its heading, its note, and a line that says filters, days and data version.
export async function snapshot(card, kind, stated) {
  const {element} = card
  const copy = await copied(element, card.plot ? [card.plot] : [])
  copy.style.margin = "0"
  const root = element.closest(".page")
  const width = Math.ceil(element.getBoundingClientRect().width) + 2 * PADDING
  const dark = root.classList.contains("dark") ? " dark" : ""
  const sheet = h("div", {class: `copy page${dark}`, style: {width: `${width}px`, padding: `${PADDING}px`, "min-height": "0"}},
    h("style", {}, rules(root)), copy, h("p", {class: "note"}, stated.join(". ")))
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
  const plots = cards.map((card) => card.plot).filter(Boolean)
  const copy = await copied(content, plots)
  const dark = root.classList.contains("dark") ? " dark" : ""
  const page = h("div", {class: `copy page report${dark}`}, h("div", {class: "report-head"}, h("b", {}, title), stated.map((line) => h("p", {}, line))), copy)
  const style = h("style", {}, rules(root))
  const document_ = `<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">`
    + `${h("title", {}, title).outerHTML}${style.outerHTML}<style>body{margin:0}</style></head><body>${page.outerHTML}</body></html>`
  return new Blob([document_], {type: "text/html;charset=utf-8"})
}

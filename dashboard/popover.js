// Boxes that float above the page: panels below a button (sheets on a phone), dialogs, and short messages.

import {h, icon, redraw} from "../_js/dom.js"

const NARROW = 700
const EDGE = 8

function place(box, anchor) {
  if (window.innerWidth < NARROW) {
    box.style.left = box.style.top = ""
    return
  }
  const button = anchor.getBoundingClientRect()
  const size = box.getBoundingClientRect()
  const left = Math.min(button.left, document.documentElement.clientWidth - size.width - EDGE)  // without the scrollbar
  const below = button.bottom + 6
  box.style.left = `${Math.max(EDGE, left)}px`
  box.style.top = `${Math.max(EDGE, Math.min(below, window.innerHeight - size.height - EDGE))}px`
}

// A button and the panel that it opens; `draw()` gives the panel's content each time it opens or changes.
export function panel({button, label, draw, opened, closed, className = ""}) {
  const box = h("div", {class: `panel ${className}`, popover: "auto", role: "dialog", "aria-label": label})
  button.setAttribute("aria-haspopup", "dialog")
  button.setAttribute("aria-expanded", "false")
  let from = null
  const open = () => {
    from = box.getRootNode().activeElement
    opened?.()
    redraw(box, draw())
    box.showPopover()
    place(box, button)
    const first = box.querySelector("[autofocus]") || box.querySelector("input:not(:disabled), button:not(:disabled)")
    first?.focus({preventScroll: true})
  }
  const close = (next = button) => {
    box.hidePopover()
    next.focus({preventScroll: true})
  }
  // What opened the panel: its button, a chip, a button of a card; a chip may have been drawn anew since.
  const opener = () => (from?.isConnected ? from
    : from?.dataset.key && box.getRootNode().querySelector(`[data-key="${CSS.escape(from.dataset.key)}"]`)) || button
  button.addEventListener("click", () => (box.matches(":popover-open") ? box.hidePopover() : open()))
  box.addEventListener("toggle", (event) => {
    const shown = event.newState === "open"
    button.setAttribute("aria-expanded", String(shown))
    if (!shown) closed?.()
  })
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return
    event.stopPropagation()
    event.preventDefault()
    close(opener())
  })
  return {
    box,
    open,
    close: () => close(),
    isOpen: () => box.matches(":popover-open"),
    refresh: () => {
      if (!box.matches(":popover-open")) return
      redraw(box, draw)
      place(box, button)
    },
  }
}

export function dialog() {
  const content = h("div", {class: "dialog-body"})
  const title = h("h2", {id: "dialog-title"})
  const close = h("button", {type: "button", class: "tool", "aria-label": "Close", on: {click: () => box.close()}}, icon("close"))
  const box = h("dialog", {"aria-labelledby": "dialog-title", on: {click: (event) => event.target === box && box.close()}},
    h("div", {class: "dialog"}, h("header", {}, title, close), content))
  return {
    box,
    open(heading, ...children) {
      title.textContent = heading
      redraw(content, ...children)
      if (!box.open) box.showModal()
    },
    close: () => box.close(),
  }
}

// Short messages at the foot of the page; the newest replaces the one before.
export function toasts() {
  const text = h("span", {})
  const box = h("div", {class: "toast", role: "status", "aria-live": "polite", hidden: true}, text)
  let hiding = null
  let esc = "hides"
  return {
    box,
    // What Esc means while the message is there: it hides it, unless the message itself says what Esc does.
    say(message, milliseconds = 6000, meant = "hides") {
      clearTimeout(hiding)
      esc = meant
      text.textContent = message
      box.hidden = !message
      hiding = setTimeout(() => { box.hidden = true }, milliseconds)
    },
    dismiss() {
      const shown = !box.hidden
      box.hidden = true
      return shown && esc === "hides"
    },
  }
}

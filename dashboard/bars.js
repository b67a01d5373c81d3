// The rail with the views and the bar above the page: where one is, and what one can take away from it.

import {h, icon, redraw} from "../_js/dom.js"
import {panel} from "../_js/popover.js"

const LOGO = "M16 6c3.6 4.6 6.5 8 6.5 11.6a6.5 6.5 0 0 1-13 0C9.5 14 12.4 10.6 16 6z"

function logo() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  for (const [name, value] of Object.entries({viewBox: "0 0 32 32", width: 32, height: 32, "aria-hidden": "true", class: "logo"})) svg.setAttribute(name, value)
  const ground = document.createElementNS(svg.namespaceURI, "rect")
  for (const [name, value] of Object.entries({width: 32, height: 32, rx: 8, class: "logo-ground"})) ground.setAttribute(name, value)
  const drop = document.createElementNS(svg.namespaceURI, "path")
  drop.setAttribute("d", LOGO)
  drop.setAttribute("class", "logo-drop")
  svg.append(ground, drop)
  return svg
}

function links(layout, current, counts, open) {
  const link = (view) => h("li", {}, h("a", {
    href: `?view=${view.name}`, title: `${view.title}: ${view.question}`, "data-key": `view ${view.name}`,
    "aria-current": view.name === current ? "page" : null,
    on: {click: (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return
      event.preventDefault()
      open(view.name)
    }},
  }, icon(view.icon), h("span", {class: "link-text"}, view.title),
  counts[view.name] ? h("span", {class: "open-count"}, h("span", {class: "unseen"}, ", open: "), String(counts[view.name])) : null))
  const [first, second] = [layout.views.filter((view) => !view.second), layout.views.filter((view) => view.second)]
  return [h("ul", {}, first.map(link)), second.length ? h("ul", {class: "second"}, second.map(link)) : null]
}

export function rail(layout, act) {
  let current = layout.views[0].name
  let counts = {}
  let lines = []
  const nav = h("div", {})
  const foot = h("div", {class: "foot"})
  const element = h("nav", {class: "rail", "aria-label": "Views"}, h("div", {class: "rail-inner"}, h("div", {class: "brand"}, logo(), h("span", {}, layout.title)), nav, foot))
  const drawerNav = h("nav", {"aria-label": "Views"})
  const drawerFoot = h("div", {class: "foot"})
  const drawer = h("dialog", {class: "drawer", "aria-label": "Views", on: {click: (event) => event.target === drawer && drawer.close()}},
    h("div", {class: "rail-inner"}, h("div", {class: "brand"}, logo(), h("span", {}, layout.title)), drawerNav, drawerFoot))
  const open = (name) => {
    if (drawer.open) drawer.close()
    act({kind: "view", view: name})
  }
  function draw() {
    redraw(nav, links(layout, current, counts, open))
    redraw(drawerNav, links(layout, current, counts, open))
    for (const place of [foot, drawerFoot]) redraw(place, lines.map((line, number) => h("p", {class: number ? null : "foot-first"}, line)))
  }
  draw()
  return {
    element, drawer,
    show: (name) => { if (name !== current) { current = name; draw() } },
    count: (found) => { counts = found; draw() },
    say: (found) => { if (String(found) !== String(lines)) { lines = found; draw() } },
    openDrawer: () => drawer.showModal(),
  }
}

export function topBar(layout, act, {openDrawer, share, exports, saved, keys}) {
  const title = h("p", {class: "view-title"})
  const labelled = (name, text, listener) => h("button", {type: "button", class: "button", "aria-label": text, on: listener && {click: listener}}, icon(name), h("span", {class: "button-text"}, text))
  const iconic = (name, text, listener) => h("button", {type: "button", class: "button icon", "aria-label": text, title: text, on: listener && {click: listener}}, icon(name))
  const menu = iconic("menu", "Open the list of views", openDrawer)
  menu.classList.add("menu-button")
  const savedButton = labelled("bookmark", "Saved views")
  const exportButton = labelled("download", "Export")
  const theme = iconic("moon", "Toggle theme", () => act({kind: "theme", mode: dark ? "light" : "dark"}))
  const savedPanel = panel({button: savedButton, label: "Saved views", draw: saved.draw, className: "saved-panel"})
  savedButton.addEventListener("click", () => act({kind: "saved"}))
  const exportPanel = panel({button: exportButton, label: "Export this view", draw: () => exports(() => exportPanel.close()), className: "menu-panel"})
  let dark = false
  const element = h("header", {class: "top"}, menu, title, h("p", {class: "site"}, layout.site),
    h("div", {class: "top-tools"}, savedButton, labelled("link", "Share view", share), exportButton, iconic("help", "Help: words and keys", keys), theme),
    savedPanel.box, exportPanel.box)
  return {
    element, savedPanel, exportPanel,
    show: (text) => { title.textContent = text },
    mode(isDark) {
      dark = isDark
      redraw(theme, icon(isDark ? "sun" : "moon"))
      theme.setAttribute("aria-pressed", String(isDark))
    },
  }
}

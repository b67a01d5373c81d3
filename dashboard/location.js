// Keeps the address bar and the selection the same: a new selection is pushed, Back and Forward bring an old one back.

const canonical = (query) => new URLSearchParams(query).toString()

export function render({model}) {
  const arrived = () => { model.query = window.location.search }
  model.on("query", () => {
    if (canonical(model.query) === canonical(window.location.search)) return
    const address = window.location.pathname + model.query + window.location.hash
    if (model.replaces) window.history.replaceState(null, "", address)
    else window.history.pushState(null, "", address)
  })
  window.addEventListener("popstate", arrived)
  model.on("remove", () => window.removeEventListener("popstate", arrived))
  return document.createElement("span")
}

// How each renderer of dashboard/body.py is drawn: `renderer` -> function(body, act, card) returning elements.

import {boards, heat} from "../_js/boards.js"
import {kpis, table} from "../_js/body.js"
import {findings, nothing, notices} from "../_js/findings.js"

export const BODIES = {
  boards,
  findings,
  heat,
  notices,
  rows: (body, act) => (body.nothing ? [nothing(body.nothing, act)] : table(body, act)),
  figure: () => [],
  "figure+kpis": kpis,
  "figure+table": table,
}

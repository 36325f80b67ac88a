/* Edits that the server has not taken yet, kept in this browser so that a closed laptop loses nothing. Each has a place of its own: windows do not undo each other's. */

import type { Edit } from './contract'

/** reason: why, in the reader's words. made: the order in which they were made. */
export interface Unsent { id: string; made: number; trial: string; who: string; case: string; edit: Edit | 'undo'; reason?: string }

const PLACE = 'carpet unsent edit '

export function keep(one: Unsent): void {
  localStorage.setItem(PLACE + one.id, JSON.stringify(one))
}

export function forget(one: Unsent): void {
  localStorage.removeItem(PLACE + one.id)
}

/** Whether nobody has sent or dropped it meanwhile, in another window. */
export function isKept(one: Unsent): boolean {
  return localStorage.getItem(PLACE + one.id) !== null
}

/** What this browser keeps of a reader's edits of a case, in the order in which they were made. */
export function keptOf(trial: string, who: string, id: string): Unsent[] {
  const all = Object.keys(localStorage).filter((key) => key.startsWith(PLACE)).map((key) => JSON.parse(localStorage.getItem(key)!) as Unsent)
  return all.filter((one) => one.trial === trial && one.who === who && one.case === id).sort((a, b) => a.made - b.made)
}

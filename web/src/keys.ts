/* Every key of the page: one table, from which the help is printed. Single keys can be switched off (WCAG 2.1.4). */

import { DISPLAYS, type Display, SUV_TOPS } from './displays'
import type { Room } from './room'
import { wrapped } from './rotating'
import type { Arrangement } from './slices'
import { type Hand, TOOLS } from './tools'

/** keys: as KeyboardEvent.key has them, or as Shift+Digit1. */
export interface Key { keys: string[]; shown: string; group: 'Regions' | 'Reading' | 'Pictures' | 'Tools' | 'Cases'; says: string; act: (room: Room, hand: Hand) => void }

const ARRANGEMENTS: Arrangement[] = ['three', 'axial', 'coronal', 'sagittal']

const status = (key: string, name: 'disease' | 'physiologic' | 'undecided'): Key => ({
  keys: [key], shown: key.toUpperCase(), group: 'Regions', says: `the selected region is ${name}`, act: (room) => room.selected && room.setStatus(room.selected, name),
})
const next = <T>(all: readonly T[], one: T): T => all[(all.indexOf(one) + 1) % all.length]!

export const KEYS: Key[] = [
  { keys: [' '], shown: 'Space', group: 'Regions', says: 'the selected region: disease or physiologic', act: (room) => room.selected && room.toggle(room.selected) },
  status('d', 'disease'), status('p', 'physiologic'), status('u', 'undecided'),
  { keys: ['j'], shown: 'J', group: 'Regions', says: 'next region', act: (room) => room.selectNext(1) },
  { keys: ['k'], shown: 'K', group: 'Regions', says: 'region before', act: (room) => room.selectNext(-1) },
  ...['1', '2', '3', '4', '5', 'X'].map((score): Key => ({
    keys: [score === 'X' ? 'X' : `Shift+Digit${score}`], shown: `Shift ${score}`, group: 'Reading', says: `Deauville ${score}`, act: (room) => room.edit({ kind: 'deauville', score }),
  })),
  { keys: ['z', 'Ctrl+z'], shown: 'Z', group: 'Reading', says: 'take the last edit back', act: (room) => room.edit('undo') },
  { keys: ['y'], shown: 'Y', group: 'Reading', says: 'say why the next change is made; Enter goes back', act: (room) => room.mayEdit && document.getElementById('reason')!.focus() },
  { keys: ['f'], shown: 'F', group: 'Reading', says: 'finish: sign', act: (room) => room.maySign && room.set({ dialog: 'sign' }) },
  ...(Object.entries(DISPLAYS) as [Display, (typeof DISPLAYS)[Display]][]).map(([display, { key, title }]): Key => ({
    keys: [`Digit${key}`, key], shown: key, group: 'Pictures', says: title, act: (room) => room.set({ display }),
  })),
  { keys: ['w'], shown: 'W', group: 'Pictures', says: 'next upper SUV of the window', act: (room) => room.set({ suvTop: next(SUV_TOPS, room.suvTop as (typeof SUV_TOPS)[number]) }) },
  { keys: ['x'], shown: 'x', group: 'Pictures', says: 'one slice large, or all', act: (room) => room.set({ arrangement: next(ARRANGEMENTS, room.arrangement) }) },
  { keys: ['o'], shown: 'O', group: 'Pictures', says: 'earlier scan beside this one, or not', act: (room) => room.set({ sideBySide: !room.sideBySide }) },
  { keys: ['l'], shown: 'L', group: 'Pictures', says: 'both scans move together from where they are, or each alone', act: (room) => room.link() },
  { keys: ['h'], shown: 'H', group: 'Pictures', says: 'hide or show outlines', act: (room) => room.set({ marks: !room.marks }) },
  { keys: ['ArrowLeft'], shown: '←', group: 'Pictures', says: 'turn the projection', act: (room) => turn(room, -1) },
  { keys: ['ArrowRight'], shown: '→', group: 'Pictures', says: 'turn the projection', act: (room) => turn(room, 1) },
  ...TOOLS.map((tool): Key => ({
    keys: [tool.key.toLowerCase()], shown: tool.key, group: 'Tools', says: `${tool.title}: ${tool.does}`, act: (room, hand) => { hand.drop(); room.set({ tool: tool.name }) },
  })),
  { keys: [','], shown: ',', group: 'Tools', says: 'smaller brush', act: (room) => room.set({ brushMm: Math.max(2, room.brushMm - 2) }) },
  { keys: ['.'], shown: '.', group: 'Tools', says: 'larger brush', act: (room) => room.set({ brushMm: Math.min(50, room.brushMm + 2) }) },
  { keys: ['Enter'], shown: 'Enter', group: 'Tools', says: 'split or merge what was clicked; in the slices: the tool at the crosshair', act: (_room, hand) => void hand.confirm() },
  { keys: ['Escape'], shown: 'Esc', group: 'Tools', says: 'drop what was begun', act: (room, hand) => { hand.drop(); room.set({ dialog: null, tool: 'decide' }) } },
  { keys: ['n'], shown: 'N', group: 'Cases', says: 'next case', act: (room) => room.openNext(1) },
  { keys: ['N'], shown: 'Shift N', group: 'Cases', says: 'case before', act: (room) => room.openNext(-1) },
  { keys: ['q'], shown: 'Q', group: 'Cases', says: 'the queue', act: (room) => room.set({ dialog: 'queue' }) },
  { keys: ['?'], shown: '?', group: 'Cases', says: 'this help', act: (room) => room.set({ dialog: 'help' }) },
]
const ALWAYS = ['Escape', '?', 'Ctrl+z', 'Enter']

function turn(room: Room, step: number): void {
  if (room.view) room.set({ frame: wrapped(room.frame + step, room.view.spin.frames) })
}

export function onKey(event: KeyboardEvent, room: Room, hand: Hand): void {
  const on = event.target as HTMLElement
  if (event.altKey || event.defaultPrevented || room.dialog || room.conflict || room.needsLogin || room.opening) return
  if (on.matches('input, select, textarea') || (on.matches('button, a, summary') && [' ', 'Enter'].includes(event.key))) return
  const key = event.key.length > 1 ? event.key : event.shiftKey ? event.key.toUpperCase() : event.key.toLowerCase() // whatever Caps Lock says
  const name = `${event.ctrlKey || event.metaKey ? 'Ctrl+' : ''}${event.code.startsWith('Digit') ? (event.shiftKey ? 'Shift+' : '') + event.code : key}`
  const found = KEYS.find((one) => one.keys.includes(name)) ?? KEYS.find((one) => one.keys.includes(key) && !event.ctrlKey && !event.metaKey && !event.shiftKey)
  if (!found || (!room.singleKeys && !ALWAYS.includes(name))) return
  event.preventDefault()
  if (!event.repeat || event.key.startsWith('Arrow')) found.act(room, hand)
}

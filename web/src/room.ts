/* What the page knows and does: who reads, which case, what is selected, and edits on their way to the server. It computes no number. */

import { type CaseFiles, drawnOf, fetchAhead, forgetAll, keepFiles, openCase } from './case_files'
import type { CaseView, Conflict, CtKind, CtSeen, Edit, Edited, History, Me, Notice, Point, Queue, Status } from './contract'
import { type Display, USUAL_SUV_TOP } from './displays'
import * as server from './server'
import { Problem } from './server'
import { edgesOf } from './nifti'
import type { Arrangement } from './slices'
import type { ToolName } from './tools'
import { type Unsent, forget, isKept, keep, keptOf } from './unsent'

export type Dialog = 'help' | 'sign' | 'unlock' | 'reason' | 'adjudicate' | 'queue' | null

/** What a reader says of the lesion that the next caliper measures. alone: without a region, by its name. */
export interface CaliperOf { alone: boolean; name: string; counts_as: CtKind | null; target: boolean; seen: CtSeen }
export const NOTHING_SAID: CaliperOf = { alone: false, name: '', counts_as: null, target: true, seen: 'present' }

const OUTDATED = 'REVIEW_READING_OUTDATED'
const SETTINGS = 'carpet reading room'
const AGAIN_MS = 4000
const WITHIN_LIVER_MM = 80 // two spheres in one liver lie closer together

export class Room {
  me: Me | null = null
  queue: Queue | null = null
  files: CaseFiles | null = null
  before: CaseFiles | null = null
  whose: string | null = null
  opening: string | null = null
  trouble: Notice[] = []
  outdated: string | null = null
  needsLogin = false
  offline = false
  conflict: Conflict | null = null
  waiting: Unsent[] = []
  history: History | null = null
  dialog: Dialog = null
  selected: string | null = null
  tool: ToolName = 'decide'
  display: Display = 'fused'
  suvTop = USUAL_SUV_TOP
  brushMm = 8
  sphereMm = 20
  sphereSuv = 4
  caliper = NOTHING_SAID
  reason = ''
  refused = 0
  drafts: Record<string, string> = {}
  deciding = false
  arrangement: Arrangement = 'three'
  sideBySide = true
  linked = true
  shift: Point = [0, 0, 0]
  atBefore: Point = [0, 0, 0]
  marks = true
  singleKeys = true
  frame = 0
  at: Point = [0, 0, 0]
  said = ''
  private readonly hearers = new Set<() => void>()
  private sending: Promise<void> | null = null
  private again = 0

  constructor() {
    const settings = stored<Partial<Room>>(SETTINGS, {})
    Object.assign(this, { display: settings.display ?? this.display, suvTop: settings.suvTop ?? this.suvTop, singleKeys: settings.singleKeys ?? true })
  }

  get view(): CaseView | null {
    return this.files?.view ?? null
  }

  get busy(): boolean {
    return this.unsent.length > 0
  }

  /** The edits of this case that wait, oldest first. */
  get unsent(): Unsent[] {
    return this.waiting.filter((one) => one.case === this.view?.case && one.who === this.me?.name)
  }

  /** Whether another person's reading is on the screen. */
  get isOthers(): boolean {
    return Boolean(this.view?.whose) && this.view!.whose !== this.me?.name
  }

  get mayEdit(): boolean {
    return Boolean(this.view?.may.edit) && !this.isOthers
  }

  get maySign(): boolean {
    return Boolean(this.view?.may.sign) && !this.isOthers
  }

  listen(hear: () => void): () => void {
    this.hearers.add(hear)
    return () => this.hearers.delete(hear)
  }

  set(changes: Partial<Room>): void {
    Object.assign(this, changes.dialog ? { trouble: [] } : {}, changes)
    if ('display' in changes || 'suvTop' in changes || 'singleKeys' in changes) {
      localStorage.setItem(SETTINGS, JSON.stringify({ display: this.display, suvTop: this.suvTop, singleKeys: this.singleKeys }))
    }
    this.hearers.forEach((hear) => hear())
  }

  /** For the live region, which a screen reader reads out. */
  say(said: string): void {
    this.set({ said })
  }

  async start(): Promise<void> {
    await this.trying(async () => {
      this.set({ me: await server.getMe(), needsLogin: false, trouble: [] })
      await this.refreshQueue()
      const first = this.asked() ?? this.queue!.cases.find((one) => one.due && readable(one))
      if (first) await this.open(first.case)
    })
  }

  /** The case that the address names. */
  private asked(): Queue['cases'][number] | undefined {
    return this.queue?.cases.find((one) => addressOf(one.case) === location.hash)
  }

  /** After another address was typed, or the browser went back. */
  follow(): void {
    const asked = this.asked()
    if (asked && asked.case !== this.view?.case) void this.open(asked.case)
  }

  /** After a lost connection: send what waits, or ask again for what is shown. */
  async retry(): Promise<void> {
    if (!this.offline) return
    if (this.busy) await this.send()
    else await (this.files ? this.reload() : this.start())
  }

  async refreshQueue(): Promise<void> {
    this.set({ queue: await server.getQueue() })
  }

  async logIn(name: string, password: string): Promise<void> {
    await this.trying(async () => {
      const before = this.me?.name
      const me = await server.logIn(name, password)
      if (me.name !== before || !this.files) {
        forgetAll()
        this.set({ files: null, before: null, conflict: null, drafts: {} })
        return this.start()
      }
      this.set({ me, needsLogin: false, trouble: [] })
      await (this.busy ? this.send() : this.reload())
    })
  }

  async logOut(): Promise<void> {
    await this.trying(server.logOut)
    forgetAll()
    this.set({ me: null, files: null, before: null, queue: null, drafts: {}, needsLogin: true })
  }

  async open(id: string): Promise<void> {
    this.set({ opening: id, dialog: null, trouble: [], outdated: null })
    await this.sending
    if (this.busy) await this.send()
    if (this.busy) return this.set({ opening: null, said: 'not left: the last edits are not saved yet' })
    this.set({ history: null, whose: null })
    const opened = await this.trying(async () => {
      const files = await openCase(id)
      let missing: Notice[] = []
      const before = files.view.baseline ? await openCase(files.view.baseline).catch((error: unknown) => ((missing = noticesOf(error)), null)) : null
      if (this.opening !== id) return
      history.replaceState(null, '', addressOf(id))
      const { lesions } = files.view
      const first = lesions.find((one) => one.status === 'undecided') ?? lesions.find((one) => one.status === 'disease') ?? lesions[0]
      this.set({ files, before, trouble: missing.map(ofEarlier), selected: first?.id ?? null, tool: 'decide', caliper: NOTHING_SAID, reason: '', frame: 0, linked: true, shift: shiftOf(files, before) })
      this.goTo(first?.centroid_lps_mm ?? middle(files))
      this.say(`${files.view.patient}, ${files.view.timepoint} is open: ${files.view.lesions.length} regions`)
      this.askAboutUnsent(files.view)
      const next = this.nextCase()
      if (next) fetchAhead(next)
    })
    if (!opened && this.trouble.some((one) => one.code === OUTDATED && one.where === id)) {
      await this.trying(() => this.refreshQueue())
      this.set({ files: null, before: null, outdated: id })
    }
    if (this.opening === id) this.set({ opening: null })
  }

  /** Edits that an earlier session could not send: nobody may remember them, so they are not made without a word. */
  private askAboutUnsent(view: CaseView): void {
    const kept = keptOf(this.me!.trial, this.me!.name, view.case)
    this.set({ waiting: [...this.waiting.filter((one) => one.case !== view.case), ...kept] })
    if (kept.length && view.may.edit) this.set({ conflict: { version: view.version, since: [] } })
  }

  /** The neighbour in the queue; after the last one, the first that still waits. */
  nextCase(step = 1): string | null {
    const cases = (this.queue?.cases ?? []).filter(readable)
    const here = cases.findIndex((one) => one.case === this.view?.case)
    const beside = cases[here + step]
    const waiting = cases.find((one) => one.due && one.case !== this.view?.case)
    const signed = this.view?.reading === 'signed'
    return (step > 0 && (signed || !beside) ? (waiting ?? beside) : beside)?.case ?? null
  }

  openNext(step: number): void {
    const next = this.nextCase(step)
    if (next) void this.open(next)
    else this.say(step > 0 ? 'this is the last case of the queue' : 'this is the first case of the queue')
  }

  select(lesion: string | null, go = true): void {
    const found = this.view?.lesions.find((one) => one.id === lesion)
    this.set({ selected: found?.id ?? null })
    if (found && go) this.goTo(found.centroid_lps_mm)
    if (found) this.say(`${found.id}, ${found.status}, ${found.site || 'no site'}, ${found.volume_ml.toFixed(1)} mL, SUVmax ${found.suv_max.toFixed(1)}`)
  }

  /** The crosshair of this scan, or of the earlier one; linked, both go. */
  goTo(at: Point, inBefore = false): void {
    const [here, there] = [plus(at, this.shift, -1), plus(at, this.shift, 1)]
    if (inBefore) this.set({ atBefore: at, ...(this.linked ? { at: here } : {}) })
    else this.set({ at, ...(this.linked ? { atBefore: there } : {}) })
  }

  /** Linked anew, the places that are shown now belong together. */
  link(): void {
    this.set({ linked: !this.linked, ...(this.linked ? {} : { shift: plus(this.atBefore, this.at, -1) }) })
    this.say(this.linked ? 'both scans move together from where they are now' : 'each scan moves alone')
  }

  selectNext(step: number): void {
    const lesions = this.view?.lesions ?? []
    const here = lesions.findIndex((one) => one.id === this.selected)
    const next = lesions[(here + step + lesions.length) % Math.max(1, lesions.length)]
    if (next) this.select(next.id)
  }

  setStatus(lesion: string, status: Status): void {
    const found = this.view?.lesions.find((one) => one.id === lesion)
    if (found && found.status !== status) this.edit({ kind: 'status', lesion, status })
  }

  /** Disease becomes physiologic; everything else becomes disease. */
  toggle(lesion: string): void {
    const found = this.view?.lesions.find((one) => one.id === lesion)
    if (found) this.setStatus(lesion, found.status === 'disease' ? 'physiologic' : 'disease')
  }

  edit(edit: Edit | 'undo'): void {
    const { view, me, reason } = this
    if (!view || !me || this.opening) return
    if (this.isOthers) return this.say(`this is the reading of ${view.whose}; it cannot be changed by you`)
    if (!view.may.edit) return this.say(view.reading === 'signed' ? 'the reading is signed; unlock it first' : 'this reading cannot be changed by you')
    const one: Unsent = { id: crypto.randomUUID(), made: performance.timeOrigin + performance.now(), trial: me.trial, who: me.name, case: view.case, edit, ...(reason && { reason }) }
    keep(one)
    const waiting = [...this.waiting, one]
    this.set({ reason: '', waiting, files: { ...this.files!, view: awaited(view, waiting) } })
    void this.send()
  }

  /** Sent, or given up. */
  private done(gone: Unsent[]): void {
    gone.forEach(forget)
    this.set({ waiting: this.waiting.filter((one) => !gone.includes(one)) })
  }

  /** One edit after the other, each with the version that the last one gave. */
  async send(): Promise<void> {
    if (this.sending || this.conflict) return
    this.sending = this.sendAll().finally(() => (this.sending = null))
    await this.sending
  }

  private async sendAll(): Promise<void> {
    this.done(this.unsent.filter((one) => !isKept(one)))
    for (let next = this.unsent[0]; next && (await this.sendOne(next)); next = this.unsent[0]);
  }

  /** Whether the next one may follow. */
  private async sendOne(one: Unsent): Promise<boolean> {
    const { case: id, version, standing } = this.view!
    const edit = one.edit === 'undo' ? takesBack(standing) : one.edit
    try {
      keep(Object.assign(one, { edit }))
      const answer = await server.postEdit(id, version, edit, one.reason)
      this.answered()
      this.done([one])
      this.take(id, answer)
      return true
    } catch (error) {
      return this.refusedEdit(error, one)
    }
  }

  /** The edit that waits for a reason is made with it; null: it is not made. */
  async giveReason(reason: string | null): Promise<void> {
    const [mine] = this.unsent
    if (mine && reason === null) {
      this.done([mine])
      await this.reload()
    } else if (mine && reason) {
      mine.reason = reason
      keep(mine)
    }
    this.set({ dialog: null })
    await this.send()
  }

  private take(id: string, answer: Edited): void {
    if (this.view?.case !== id) return
    const { voxels_changed: changed, ...news } = answer
    const view = awaited({ ...this.view, ...news }, this.unsent)
    const redrawn = changed || this.files!.drawn.version !== this.view.version || outlinesOf(view) !== outlinesOf(this.view)
    const drawn = redrawn ? this.files!.drawn : { ...this.files!.drawn, version: view.version }
    const selected = view.lesions.some((one) => one.id === this.selected) ? this.selected : null
    this.set({ files: { ...this.files!, view, drawn }, selected, history: null, said: `saved. ${summary(view)}` })
    keepFiles(this.files!)
    if (redrawn) void this.redraw(view)
  }

  /** Outlines follow the numbers, which do not wait for them. */
  private async redraw(view: CaseView): Promise<void> {
    await this.trying(async () => {
      const drawn = await drawnOf(view, this.files!.drawn)
      if (this.view?.case !== view.case || this.view.version !== view.version || this.view.whose !== view.whose) return
      this.set({ files: { ...this.files!, drawn } })
      keepFiles(this.files!)
    })
  }

  /** Somebody else's reading of this case, where it may be seen; null: the own one. */
  async show(whose: string | null): Promise<void> {
    this.set({ whose })
    await this.reload()
  }

  /** Only an edit that the server has looked at and refused is given up; those behind it follow. */
  private async refusedEdit(error: unknown, one: Unsent): Promise<boolean> {
    if (!(error instanceof Problem)) throw error
    if (error.notices[0]?.code === 'REVIEW_REASON_MISSING') this.set({ dialog: 'reason' })
    else if (error.kind !== 'refused') this.showProblem(error)
    else {
      this.done([one])
      await this.reload()
      this.set({ trouble: error.notices, reason: this.reason || (one.reason ?? ''), refused: this.refused + 1 })
      return true
    }
    return false
  }

  /** The reading as the server has it now. */
  async reload(): Promise<void> {
    const id = this.view?.case
    if (!id) return
    await this.trying(async () => {
      const files = await openCase(id, this.whose)
      if (this.view?.case === id) this.set({ files: { ...files, view: awaited(files.view, this.unsent) }, history: null })
    })
  }

  /** After a conflict: take the newer reading, and make the own edits again on it, or none of them. */
  async settle(again: boolean): Promise<void> {
    if (!again) this.done(this.unsent)
    await this.reload()
    this.set({ conflict: null })
    await this.send()
  }

  async sign(password: string): Promise<boolean> {
    return this.decide((id, view) => server.postSign(id, view.version, password), 'signed')
  }

  async unlock(reason: string): Promise<boolean> {
    return this.decide((id, view) => server.postUnlock(id, view.version, reason, this.isOthers ? view.whose : null), 'unlocked')
  }

  /** A signature is voided although its scan cannot be shown. */
  async unlockUnseen(id: string, who: string, version: number, reason: string): Promise<void> {
    await this.trying(async () => {
      await server.postUnlock(id, version, reason, who === this.me!.name ? null : who)
      if (!this.outdated) this.set({ trouble: [] })
      await this.refreshQueue()
      this.say(`the reading of ${id} by ${who} is unlocked`)
    })
  }

  /** The own reading, which is of other regions than there are now, begins anew; what waits in this browser names regions that are gone. */
  async startAgain(id: string, reason: string): Promise<void> {
    const row = () => this.queue!.cases.find((one) => one.case === id)
    const went = await this.trying(async () => {
      await server.postStartAgain(id, row()!.version, reason)
      this.done([...this.waiting.filter((one) => one.case === id), ...keptOf(this.me!.trial, this.me!.name, id)])
      this.set({ trouble: [], outdated: null })
      await this.refreshQueue()
      this.say(`${id} is started again`)
    })
    const now = row()
    if (went && now && readable(now)) await this.open(id)
  }

  async choose(reader: string, password: string): Promise<boolean> {
    return this.decide(async (id, view) => {
      await server.postChoice(id, view.own_version, reader, password)
      this.whose = null // the reading that stands is shown
    }, 'adjudicated')
  }

  async assign(id: string, readers: string[], adjudicator: string): Promise<void> {
    await this.trying(async () => {
      await server.postAssign(id, readers, adjudicator || null)
      this.set({ trouble: [] })
      await this.refreshQueue()
      this.say(`${id} is read by ${readers.join(' and ')}`)
    })
  }

  /** Once at a time, however often the button is pressed. */
  private async decide(act: (id: string, view: CaseView) => Promise<unknown>, done: string): Promise<boolean> {
    const view = this.view!
    if (this.deciding) return false
    this.set({ deciding: true })
    const went = await this.trying(async () => {
      await act(view.case, view)
      this.set({ dialog: null, trouble: [] })
      await Promise.all([this.reload(), this.refreshQueue()])
      const next = this.nextCase()
      if (next) fetchAhead(next)
      this.say(next ? `${done}; N opens ${next}` : done)
    })
    this.set({ deciding: false })
    return went
  }

  async readHistory(): Promise<void> {
    const id = this.view?.case
    if (id) await this.trying(async () => this.set({ history: await server.getHistory(id) }))
  }

  /** A table of this reading, where it can be one. */
  async download(address: string): Promise<void> {
    if (await this.trying(() => server.check(address))) location.assign(address)
  }

  /** The server speaks with this browser again. */
  private answered(): void {
    if (this.offline) this.set({ offline: false, trouble: [] })
  }

  /** What does not lie in what was asked. What can pass by itself is tried again. */
  private showProblem({ kind, notices, conflict }: Problem): void {
    if (kind === 'login') this.set({ needsLogin: true, trouble: [] })
    else if (kind === 'conflict' && this.view && this.dialog !== 'queue') this.set({ conflict, dialog: null })
    else if (kind === 'conflict' || kind === 'refused') this.set({ trouble: notices })
    else {
      this.set({ offline: true, trouble: notices })
      clearTimeout(this.again)
      this.again = setTimeout(() => void this.retry(), AGAIN_MS)
    }
  }

  /** Does it, or shows why it could not be done. */
  private async trying(act: () => Promise<unknown>): Promise<boolean> {
    try {
      await act()
      this.answered()
      return true
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      this.showProblem(error)
      return false
    }
  }
}

const noticesOf = (error: unknown): Notice[] => {
  if (!(error instanceof Problem)) throw error
  return error.notices
}
const ofEarlier = (notice: Notice): Notice => ({ ...notice, message: `the earlier scan cannot be shown: ${notice.message}` })

/** The edit that is the last one on this screen, by its number: what somebody has done elsewhere meanwhile is never meant. */
const takesBack = (standing: CaseView['standing']): Edit => ({ kind: 'remove_edit', edit: standing.at(-1)?.number ?? 1 })

const addressOf = (id: string) => '#' + id.split('/').map(encodeURIComponent).join('/')

export function readable(one: Queue['cases'][number]): boolean {
  return one.refused.length === 0 && one.waits_for.length === 0
}

/** Seen at once; the server's answer, which alone counts, follows. */
function awaited(view: CaseView, waiting: Unsent[]): CaseView {
  const said = new Map<string, Status>()
  for (const { edit } of waiting.filter((one) => one.case === view.case)) {
    if (edit === 'undo') said.clear()
    else if (edit.kind === 'status') said.set(edit.lesion, edit.status)
  }
  return said.size ? { ...view, lesions: view.lesions.map((one) => ({ ...one, status: said.get(one.id) ?? one.status })) } : view
}

export function summary(view: CaseView): string {
  const tmtv = view.biomarkers.find((one) => one.name === 'tmtv')
  return tmtv?.value == null ? 'TMTV is missing' : `TMTV ${tmtv.value.toFixed(1)} ${tmtv.unit}`
}

/** What shows whether outlines changed: a status can change them as well, since disease is delineated by the protocol's method. */
const outlinesOf = (view: CaseView) => view.lesions.map((one) => `${one.id} ${one.label} ${one.volume_ml}`).join()

const plus = (a: Point, b: Point, sign: 1 | -1): Point => [a[0] + sign * b[0], a[1] + sign * b[1], a[2] + sign * b[2]]

/** Where the table stood elsewhere, both scans are held together at the height of the liver; its sphere lies not always in the same part. */
function shiftOf(now: CaseFiles, before: CaseFiles | null): Point {
  const liver = (files: CaseFiles | null) => files?.view.references.find((one) => one.name === 'liver')?.centre_lps_mm
  const [here, there] = [liver(now), liver(before)]
  const up = here && there ? there[2] - here[2] : 0
  return [0, 0, Math.abs(up) > WITHIN_LIVER_MM ? up : 0]
}

function middle(files: CaseFiles): Point {
  const [lower, upper] = edgesOf(files.grid)
  return lower.map((one, axis) => (one + upper[axis]!) / 2) as Point
}

function stored<T>(key: string, otherwise: T): T {
  try {
    return (JSON.parse(localStorage.getItem(key) ?? 'null') as T | null) ?? otherwise
  } catch {
    return otherwise
  }
}

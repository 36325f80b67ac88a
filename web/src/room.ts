/* What the page knows and does: who reads, which case, what is selected, and edits on their way to the server. It computes no number. */

import { type CaseFiles, drawnOf, fetchAhead, forgetAll, keepFiles, openCase } from './case_files'
import type { CaseView, Conflict, CtKind, CtSeen, Edit, Edited, History, Me, Notice, Point, Queue, Status } from './contract'
import { type Display, USUAL_SUV_TOP } from './displays'
import * as server from './server'
import { Problem } from './server'
import { edgesOf } from './nifti'
import type { Arrangement } from './slices'
import type { ToolName } from './tools'

export type Dialog = 'help' | 'sign' | 'unlock' | 'reason' | 'adjudicate' | 'queue' | null
/** An edit the server has not taken yet, kept in this browser so that a closed laptop loses nothing. */
export type Waiting = { who: string; case: string; edit: Edit | 'undo'; reason?: string }

/** What a reader says of the lesion that the next caliper measures. alone: without a region, by its name. */
export interface CaliperOf { alone: boolean; name: string; counts_as: CtKind | null; target: boolean; seen: CtSeen }
export const NOTHING_SAID: CaliperOf = { alone: false, name: '', counts_as: null, target: true, seen: 'present' }

const OUTDATED = 'REVIEW_READING_OUTDATED'
const UNSAVED = 'carpet unsaved edits'
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
  conflict: (Conflict & { mine: Edit | 'undo' }) | null = null
  waiting: Waiting[] = []
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
  private sending = false
  private again = 0

  constructor() {
    const settings = stored<Partial<Room>>(SETTINGS, {})
    Object.assign(this, { display: settings.display ?? this.display, suvTop: settings.suvTop ?? this.suvTop, singleKeys: settings.singleKeys ?? true })
    this.waiting = stored<Waiting[]>(UNSAVED, [])
  }

  get view(): CaseView | null {
    return this.files?.view ?? null
  }

  get busy(): boolean {
    return this.ofThisCase() !== undefined
  }

  get mayEdit(): boolean {
    return Boolean(this.view?.may.edit)
  }

  listen(hear: () => void): () => void {
    this.hearers.add(hear)
    return () => this.hearers.delete(hear)
  }

  set(changes: Partial<Room>): void {
    Object.assign(this, changes)
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
      const asked = decodeURIComponent(location.hash.slice(1))
      const first = this.queue!.cases.find((one) => one.case === asked) ?? this.queue!.cases.find((one) => one.due && readable(one))
      if (first) await this.open(first.case)
    })
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
      await server.logIn(name, password)
      await this.start()
    })
  }

  async logOut(): Promise<void> {
    await this.trying(server.logOut)
    forgetAll()
    this.set({ me: null, files: null, before: null, queue: null, needsLogin: true })
  }

  async open(id: string): Promise<void> {
    this.set({ opening: id, dialog: null, trouble: [], outdated: null, conflict: null, history: null, whose: null })
    const opened = await this.trying(async () => {
      const files = await openCase(id)
      const before = files.view.baseline ? await openCase(files.view.baseline).catch(() => null) : null
      if (this.opening !== id) return
      history.replaceState(null, '', '#' + id.split('/').map(encodeURIComponent).join('/'))
      const { lesions } = files.view
      const first = lesions.find((one) => one.status === 'undecided') ?? lesions.find((one) => one.status === 'disease') ?? lesions[0]
      this.set({ files, before, selected: first?.id ?? null, tool: 'decide', caliper: NOTHING_SAID, reason: '', frame: 0, linked: true, shift: shiftOf(files, before) })
      this.goTo(first?.centroid_lps_mm ?? middle(files))
      this.say(`${files.view.patient}, ${files.view.timepoint} is open: ${files.view.lesions.length} regions`)
      this.askAboutUnsaved(files.view)
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
  private askAboutUnsaved(view: CaseView): void {
    const mine = this.ofThisCase()
    if (mine && view.may.edit) this.set({ conflict: { version: view.version, since: [], mine: mine.edit } })
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
    const view = this.view
    if (!view) return
    if (!view.may.edit) return this.say(view.reading === 'signed' ? 'the reading is signed; unlock it first' : 'this reading cannot be changed by you')
    if (edit !== 'undo' && edit.kind === 'status') this.showStatus(edit.lesion, edit.status)
    const { reason } = this
    this.reason = ''
    this.keepWaiting([...this.waiting, { who: this.me!.name, case: view.case, edit, ...(reason && { reason }) }])
    void this.send()
  }

  /** Seen at once; the server's answer, which alone counts, follows. */
  private showStatus(lesion: string, status: Status): void {
    const lesions = this.view!.lesions.map((one) => (one.id === lesion ? { ...one, status } : one))
    this.files = { ...this.files!, view: { ...this.view!, lesions } }
  }

  private keepWaiting(waiting: Waiting[]): void {
    localStorage.setItem(UNSAVED, JSON.stringify(waiting))
    this.set({ waiting })
  }

  /** One edit after the other, each with the version that the last one gave. */
  async send(): Promise<void> {
    if (this.sending || this.conflict) return
    this.sending = true
    try {
      for (let next = this.ofThisCase(); next; next = this.ofThisCase()) {
        const { case: id, version } = this.view!
        const answer = next.edit === 'undo' ? await server.postUndo(id, version, next.reason) : await server.postEdit(id, version, next.edit, next.reason)
        this.set({ offline: false, trouble: [] })
        this.take(id, answer)
        this.keepWaiting(this.waiting.filter((one) => one !== next))
      }
    } catch (error) {
      await this.refusedEdit(error)
    } finally {
      this.sending = false
    }
  }

  /** The edit that waits for a reason is made with it; null: it is not made. */
  async giveReason(reason: string | null): Promise<void> {
    const mine = this.ofThisCase()
    this.keepWaiting(reason === null ? this.waiting.filter((one) => one !== mine) : this.waiting.map((one) => (one === mine ? { ...one, reason } : one)))
    this.set({ dialog: null })
    await this.send()
  }

  private ofThisCase(): Waiting | undefined {
    return this.waiting.find((one) => one.case === this.view?.case && one.who === this.me?.name)
  }

  private take(id: string, answer: Edited): void {
    if (this.view?.case !== id) return
    const { voxels_changed: changed, ...news } = answer
    const view = { ...this.view, ...news }
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

  private async refusedEdit(error: unknown): Promise<void> {
    if (!(error instanceof Problem)) throw error
    const mine = this.ofThisCase()
    if (error.kind === 'offline') {
      this.lose()
    } else if (error.kind === 'login') {
      this.set({ needsLogin: true })
    } else if (error.kind === 'key') {
      this.set({ trouble: error.notices })
    } else if (error.kind === 'conflict' && mine) {
      this.set({ conflict: { ...error.conflict!, mine: mine.edit } })
    } else if (error.notices[0]?.code === 'REVIEW_REASON_MISSING' && mine) {
      this.set({ dialog: 'reason' })
    } else {
      this.keepWaiting(this.waiting.filter((one) => one !== mine))
      await this.reload()
      this.set({ trouble: error.notices })
    }
  }

  /** The reading as the server has it now. */
  async reload(): Promise<void> {
    const id = this.view?.case
    if (!id) return
    await this.trying(async () => {
      const files = await openCase(id, this.whose)
      if (this.view?.case === id) this.set({ files, history: null })
    })
  }

  /** After a conflict: take the newer reading, and make the own edit again on it, or not. */
  async settle(again: boolean): Promise<void> {
    const mine = this.ofThisCase()
    if (!again) this.keepWaiting(this.waiting.filter((one) => one !== mine))
    await this.reload()
    this.set({ conflict: null })
    await this.send()
  }

  async sign(password: string): Promise<boolean> {
    return this.deciding((id, version) => server.postSign(id, version, password), 'signed')
  }

  async unlock(reason: string): Promise<boolean> {
    return this.deciding((id, version) => server.postUnlock(id, version, reason, this.view!.whose === this.me!.name ? null : this.view!.whose), 'unlocked')
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
      this.keepWaiting(this.waiting.filter((one) => one.case !== id))
      this.set({ trouble: [], outdated: null })
      await this.refreshQueue()
      this.say(`${id} is started again`)
    })
    const now = row()
    if (went && now && readable(now)) await this.open(id)
  }

  async choose(reader: string, password: string): Promise<boolean> {
    return this.deciding((id, version) => server.postChoice(id, version, reader, password), 'adjudicated')
  }

  async assign(id: string, readers: string[], adjudicator: string): Promise<void> {
    await this.trying(async () => {
      await server.postAssign(id, readers, adjudicator || null)
      this.set({ trouble: [] })
      await this.refreshQueue()
      this.say(`${id} is read by ${readers.join(' and ')}`)
    })
  }

  private async deciding(act: (id: string, version: number) => Promise<unknown>, done: string): Promise<boolean> {
    const { case: id, version } = this.view!
    const went = await this.trying(async () => {
      await act(id, version)
      this.set({ dialog: null })
      await Promise.all([this.reload(), this.refreshQueue()])
      const next = this.nextCase()
      if (next) fetchAhead(next)
      this.say(next ? `${done}; N opens ${next}` : done)
    })
    return went
  }

  async readHistory(): Promise<void> {
    const id = this.view?.case
    if (id) await this.trying(async () => this.set({ history: await server.getHistory(id) }))
  }

  private lose(): void {
    this.set({ offline: true })
    clearTimeout(this.again)
    this.again = setTimeout(() => void this.retry(), AGAIN_MS)
  }

  /** Does it, or shows why it could not be done. */
  private async trying(act: () => Promise<unknown>): Promise<boolean> {
    try {
      await act()
      this.set({ offline: false })
      return true
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      if (error.kind === 'login') this.set({ needsLogin: true, trouble: this.me || error.notices[0]?.code === 'REVIEW_LOGIN_FAILED' ? error.notices : [] })
      else if (error.kind === 'offline') this.lose()
      else this.set({ trouble: error.notices })
      return false
    }
  }
}

export function readable(one: Queue['cases'][number]): boolean {
  return one.refused.length === 0 && one.waits_for.length === 0
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

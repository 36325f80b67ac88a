/* What the pointer, or Enter at the crosshair, does in the slices of the scan that is read: each tool ends in one edit. */

import type { Edit, Point } from './contract'
import type { Axis } from './nifti'
import { NOTHING_SAID, type Room } from './room'

export type ToolName = 'decide' | 'brush' | 'erase' | 'split' | 'merge' | 'sphere' | 'add' | 'caliper' | 'reference'
export interface Tool { name: ToolName; key: string; title: string; does: string }

export const TOOLS: Tool[] = [
  { name: 'decide', key: 'V', title: 'Decide', does: 'click a region: disease or physiologic. Shift-click only selects it. Elsewhere: move the crosshair' },
  { name: 'brush', key: 'B', title: 'Brush', does: 'paint: it joins the region that the brush touches where you begin, else it is a new one' },
  { name: 'erase', key: 'E', title: 'Erase', does: 'paint over what does not belong to the region that the brush touches where you begin' },
  { name: 'split', key: 'S', title: 'Split', does: 'click a seed for each part of the region, then press Enter' },
  { name: 'merge', key: 'M', title: 'Merge', does: 'click the regions that are one, then press Enter' },
  { name: 'sphere', key: 'T', title: 'Sphere', does: 'drag a sphere: its voxels above the threshold that are in no region become one' },
  { name: 'add', key: 'A', title: 'Add', does: 'click uptake that was not found, however small' },
  { name: 'caliper', key: 'C', title: 'Caliper', does: 'click both ends of the longest diameter, then both ends of the longest across it; of what, stands above the tabs' },
  { name: 'reference', key: 'R', title: 'Reference', does: 'drag the liver or blood-pool sphere elsewhere; click where the one that is missing belongs' },
]

export const STILL_PX = 4 // by which a hand shakes in a click
const CALIPER_ENDS = 4
const distance = (a: Point, b: Point) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])

/** The tool in the hand: what was pressed, drawn and clicked so far. hits are ids of lesions, null beside all of them. */
export class Hand {
  path: Point[] = []
  points: Point[] = []
  lesions: string[] = []
  /** Where the pointer is, and across which axis the slice under it is cut. */
  above: { lps: Point; axis: Axis } | null = null
  which: 'liver' | 'blood_pool' = 'liver'
  private begun: { lps: Point; hit: string | null; quiet: boolean } | null = null

  private measured: string | null = null

  constructor(private readonly room: Room) {
    room.listen(() => {
      if (room.tool === 'caliper' && this.points.length && this.measured !== this.subject) this.drop()
    })
  }

  /** Of what the next caliper is. */
  private get subject(): string | null {
    return this.room.caliper.alone ? '' : this.room.selected
  }

  get pressed(): boolean {
    return this.begun !== null
  }

  drop(): void {
    Object.assign(this, { path: [], points: [], lesions: [], begun: null })
  }

  /** What was pressed is let go without a result; what was clicked before stays. */
  cancel(): void {
    Object.assign(this, { path: [], begun: null })
  }

  press(lps: Point, hit: string | null, quiet: boolean): void {
    this.begun = { lps, hit, quiet }
    this.path = [lps]
    if (this.room.tool === 'decide') this.room.goTo(lps)
    if (this.room.tool === 'reference') this.which = this.nearest(lps)
  }

  move(lps: Point): void {
    if (!this.begun) return
    const { tool } = this.room
    if (tool === 'decide') this.room.goTo(lps)
    if (tool === 'brush' || tool === 'erase') {
      if (distance(this.path.at(-1)!, lps) >= Math.max(1, this.room.brushMm / 3)) this.path.push(lps)
    } else this.path = [this.begun.lps, lps]
  }

  /** still: a click, as against a drag. */
  release(lps: Point, still: boolean): void {
    const { begun } = this
    if (!begun) return
    this.begun = null
    const edit = this.result(begun, lps, still)
    if (edit) {
      this.drop()
      this.room.edit(edit)
    } else this.path = []
  }

  /** For the keyboard: the tool's click at the crosshair; Enter with everything set sends split and merge. */
  enter(hit: string | null): void {
    if (this.confirm()) return
    this.press(this.room.at, hit, false)
    this.release(this.room.at, true)
  }

  /** Whether there was something to send. */
  confirm(): boolean {
    const [lesion] = this.lesions
    let edit: Edit | null = null
    if (this.room.tool === 'split' && lesion && this.points.length > 1) edit = { kind: 'split', lesion, seeds_lps_mm: this.points }
    if (this.room.tool === 'merge' && this.lesions.length > 1) edit = { kind: 'merge', lesions: this.lesions }
    if (!edit) return false
    this.drop()
    this.room.edit(edit)
    return true
  }

  private result(begun: { lps: Point; hit: string | null; quiet: boolean }, lps: Point, still: boolean): Edit | null {
    const { room } = this
    const { hit } = begun
    switch (room.tool) {
      case 'decide':
        if (still && hit) {
          room.select(hit, false)
          if (!begun.quiet) room.toggle(hit)
        }
        return null
      case 'brush':
      case 'erase':
        return this.stroke(hit)
      case 'split':
        return this.seed(hit, lps)
      case 'merge':
        if (hit && !this.lesions.includes(hit)) this.lesions.push(hit)
        room.say(`to merge: ${this.lesions.join(', ') || 'nothing yet'}. Enter merges`)
        return null
      case 'sphere':
        return { kind: 'sphere_threshold', centre_lps_mm: begun.lps, radius_mm: still ? room.sphereMm : distance(begun.lps, lps), suv: room.sphereSuv }
      case 'add':
        return { kind: 'add', point_lps_mm: lps }
      case 'caliper':
        return this.diameter(hit, begun.lps, lps, still)
      case 'reference':
        return { kind: 'reference', which: this.which, centre_lps_mm: lps }
    }
  }

  private stroke(hit: string | null): Edit | null {
    const erase = this.room.tool === 'erase'
    if (!erase || hit) return { kind: 'brush', points_lps_mm: this.path, radius_mm: this.room.brushMm, lesion: hit, erase }
    this.room.say('begin in the region to erase from')
    return null
  }

  private seed(hit: string | null, lps: Point): null {
    const lesion = this.lesions[0] ?? hit ?? this.room.selected
    if (!lesion || (hit && hit !== lesion) || !hit) this.room.say('click within the region that is to be split')
    else {
      this.lesions = [lesion]
      this.points.push(lps)
      this.room.select(lesion, false)
      this.room.say(`${this.points.length === 1 ? '1 seed' : `${this.points.length} seeds`} in ${lesion}. ${this.points.length > 1 ? 'Enter splits it' : 'one more at least'}`)
    }
    return null
  }

  private diameter(hit: string | null, from: Point, to: Point, still: boolean): Edit | null {
    const { alone, name, ...said } = this.room.caliper
    if (!alone && !this.room.selected && hit) this.room.select(hit, false)
    const lesion = alone ? null : this.room.selected
    if (!lesion && !(alone && name.trim() && said.counts_as)) {
      this.room.say(alone ? 'name the mass first, and say whether it is a node' : 'select the region that is measured first')
      return null
    }
    this.measured = this.subject
    this.points.push(...(still ? [to] : [from, to]))
    const [a, b, c, d] = this.points
    if (a && b && c && d) {
      this.room.set({ caliper: NOTHING_SAID })
      return { kind: 'caliper', lesion, ldi_lps_mm: [a, b], sdi_lps_mm: [c, d], name: name.trim(), ...said }
    }
    this.room.say(`${lesion ?? name}: ${CALIPER_ENDS - this.points.length} more ends`)
    return null
  }

  private nearest(lps: Point): 'liver' | 'blood_pool' {
    const references = this.room.view?.references ?? []
    const near = [...references].sort((a, b) => distance(a.centre_lps_mm, lps) - distance(b.centre_lps_mm, lps))[0]
    if (near && distance(near.centre_lps_mm, lps) <= 1.5 * near.radius_mm) return near.name
    return (['liver', 'blood_pool'] as const).find((name) => !references.some((one) => one.name === name)) ?? this.which
  }
}

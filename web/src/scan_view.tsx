/* One scan on the screen: its rotating projection and its three slices, with everything the pointer and the keys do there. */

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { CaseFiles, Scanned } from './case_files'
import type { Point } from './contract'
import { drawMarks } from './marks'
import { type Axis, type Image, edgesOf, valueAt } from './nifti'
import { dayOf } from './days'
import type { Room } from './room'
import { Rotating } from './rotating'
import { type Boxes, IN_SLICE, type Tile, drawSlices } from './slices'
import { type Hand, STILL_PX } from './tools'

const WIDE = 1.25 // width by height, above which the projection and the coronal slice stand at full height
const RIM = 16 // places on the brush's rim that are looked at
const ZOOM_STEP = 1.25
const LARGEST_ZOOM = 12
const NARROW: Boxes & { mip: Boxes['axial'] } = { mip: [0, 0, 0.5, 0.58], coronal: [0.5, 0, 0.5, 0.58], sagittal: [0, 0.58, 0.26, 0.42], axial: [0.26, 0.58, 0.74, 0.42] }
const BROAD: typeof NARROW = { mip: [0, 0, 0.33, 1], coronal: [0.33, 0, 0.33, 1], sagittal: [0.66, 0.4, 0.34, 0.6], axial: [0.66, 0, 0.34, 0.4] }

/** An image as far as it has come; numbers are read from the whole one only. */
interface Come { image: Image; whole: boolean }

function useImage(scanned: Scanned<Image | null>, fail: (error: Error) => void): Come | null {
  const [come, setCome] = useState<Come | null>(null)
  useEffect(() => {
    let gone = false
    setCome(null)
    scanned.early.then((image) => !gone && image && setCome((now) => (now?.whole ? now : { image, whole: false })), () => undefined)
    scanned.whole.then((image) => !gone && image && setCome({ image, whole: true }), (error: Error) => !gone && fail(error))
    return () => void (gone = true)
  }, [scanned])
  return come
}

export function ScanView({ room, files, hand }: { room: Room; files: CaseFiles; hand: Hand | null }) {
  const own = hand !== null
  const frame = useRef<HTMLDivElement>(null)
  const images = useRef<HTMLCanvasElement>(null)
  const marks = useRef<HTMLCanvasElement>(null)
  const tiles = useRef<Tile[]>([])
  const active = useRef<Axis>(2)
  const shown = useRef('')
  const zoom = useRef(1)
  const [trouble, setTrouble] = useState('')
  const [boxes, setBoxes] = useState(NARROW)
  const [labels, setLabels] = useState<{ image: Image; version: number; names: Map<number, string> } | null>(null)
  const pet = useImage(files.pet, (error) => setTrouble(`PET: ${error.message}`))
  const ct = useImage(files.ct, (error) => setTrouble(`CT: ${error.message}`))
  const at = own ? room.at : room.atBefore

  useEffect(() => {
    let gone = false
    const { version, names } = files.drawn
    const taken = (image: Image) => {
      setLabels({ image, version, names })
      setTrouble('')
    }
    files.drawn.labels.then((image) => !gone && taken(image), (error: Error) => !gone && setTrouble(`regions: ${error.message}`))
    return () => void (gone = true)
  }, [files.drawn.labels, files.drawn.version])

  /** The images are drawn only where they have changed; what lies above them always. */
  const redraw = () => {
    const canvas = images.current
    if (!canvas) return
    if (pet) {
      const { display, suvTop, arrangement } = room
      const state = [pet.whole, ct?.whole, display, suvTop, arrangement, boxes.axial, at, zoom.current, canvas.clientWidth, canvas.clientHeight, devicePixelRatio].join()
      if (state !== shown.current) {
        tiles.current = drawSlices(canvas, { pet: pet.image, ct: ct?.image ?? null, display, suvTop, arrangement, boxes, at, zoom: zoom.current, field: edgesOf(files.grid) })
        shown.current = state
      }
    }
    const above = marks.current!
    if (above.width !== canvas.width || above.height !== canvas.height) Object.assign(above, { width: canvas.width, height: canvas.height })
    drawMarks(above.getContext('2d')!, tiles.current, { files, labels: labels?.image ?? null, names: labels?.names ?? files.drawn.names, room, at, hand })
    if (pet) Object.assign(frame.current!.dataset, { shown: `${files.view.case} ${room.display} ${room.arrangement}`, whole: pet.whole && (ct?.whole ?? !files.view.has_ct), outlines: labels?.version ?? '' })
  }
  const latest = useRef(redraw)
  latest.current = redraw
  useLayoutEffect(redraw)
  useEffect(() => {
    const box = frame.current!
    const seen = new ResizeObserver(() => {
      setBoxes(box.clientWidth > WIDE * box.clientHeight ? BROAD : NARROW)
      shown.current = ''
      latest.current()
    })
    seen.observe(box)
    return () => seen.disconnect()
  }, [])

  const scaled = (event: MouseEvent): [number, number] => [event.offsetX * devicePixelRatio, event.offsetY * devicePixelRatio]
  const tileAt = (event: MouseEvent) => {
    const [x, y] = scaled(event)
    return tiles.current.find((one) => x >= one.left && y >= one.top && x < one.left + one.width && y < one.top + one.height)
  }
  const hitAt = (lps: Point) => {
    const label = labels && valueAt(labels.image, lps)
    const name = label ? labels.names.get(label) : undefined
    return files.view.lesions.find((one) => one.id === name)?.id ?? null
  }
  /** The brush means the region it touches: the selected one before others, none where it touches none. */
  const touchedAt = (lps: Point, [u, v]: readonly [Axis, Axis]) => {
    const around = Array.from({ length: RIM }, (_, n): Point => {
      const point: Point = [...lps]
      point[u] += room.brushMm * Math.cos((2 * Math.PI * n) / RIM)
      point[v] += room.brushMm * Math.sin((2 * Math.PI * n) / RIM)
      return point
    })
    const hits = [lps, ...around].map(hitAt)
    return hits[0] ?? (hits.includes(room.selected) ? room.selected : (hits.find((one) => one !== null) ?? null))
  }
  const pressedIn = useRef<Tile | null>(null)
  const pressedAt = useRef<{ x: number; y: number; moved: boolean }>({ x: 0, y: 0, moved: false })
  const fingers = useRef(new Map<number, [number, number]>())
  const apart = () => {
    const [a, b] = [...fingers.current.values()]
    return a && b ? Math.hypot(a[0] - b[0], a[1] - b[1]) : 0
  }
  const press = (event: PointerEvent) => {
    const tile = tileAt(event)
    if (!tile || event.button !== 0) return
    marks.current!.setPointerCapture(event.pointerId)
    fingers.current.set(event.pointerId, scaled(event))
    if (fingers.current.size > 1) return lift() // two fingers zoom; what the first had begun is dropped
    pressedIn.current = tile
    pressedAt.current = { x: event.offsetX, y: event.offsetY, moved: false }
    if (hand) hand.above = null
    active.current = tile.axis
    const lps = tile.lps(...scaled(event))
    const brushes = room.tool === 'brush' || room.tool === 'erase'
    if (hand) hand.press(lps, brushes ? touchedAt(lps, IN_SLICE[tile.axis]) : hitAt(lps), event.shiftKey)
    else room.goTo(lps, true)
    latest.current()
  }
  const move = (event: PointerEvent) => {
    const before = apart()
    if (fingers.current.has(event.pointerId)) fingers.current.set(event.pointerId, scaled(event))
    if (before) return enlarge(apart() / before)
    const tile = pressedIn.current
    if (!tile) return hover(event)
    const begun = pressedAt.current
    begun.moved ||= Math.hypot(event.offsetX - begun.x, event.offsetY - begun.y) > STILL_PX
    if (!begun.moved) return
    const lps = tile.lps(...scaled(event))
    if (hand) hand.move(lps)
    else room.goTo(lps, true)
    latest.current()
  }
  /** The brush shows what it would paint. */
  const hover = (event: PointerEvent | null) => {
    if (!hand || (room.tool !== 'brush' && room.tool !== 'erase')) return
    const tile = event && event.pointerType !== 'touch' && tileAt(event)
    hand.above = tile ? { axis: tile.axis, lps: tile.lps(...scaled(event)) } : null
    latest.current()
  }
  const lift = () => {
    pressedIn.current = null
    hand?.cancel()
    latest.current()
  }
  const release = (event: PointerEvent) => {
    fingers.current.delete(event.pointerId)
    const tile = pressedIn.current
    pressedIn.current = null
    if (tile && hand) hand.release(tile.lps(...scaled(event)), !pressedAt.current.moved)
    latest.current()
  }
  const step = (axis: Axis, by: number) => {
    const mm = Math.hypot(...files.grid.toLps.map((row) => row[files.grid.axes[axis]]!))
    const next: Point = [...at]
    next[axis] += by * mm
    room.goTo(next, !own)
  }
  const wheel = (event: WheelEvent) => {
    event.preventDefault()
    const tile = tileAt(event)
    if (!tile) return
    if (event.ctrlKey) enlarge(event.deltaY < 0 ? ZOOM_STEP : 1 / ZOOM_STEP)
    else step(tile.axis, event.deltaY < 0 ? 1 : -1)
  }
  const enlarge = (by: number) => {
    zoom.current = Math.min(LARGEST_ZOOM, Math.max(1, zoom.current * by))
    latest.current()
  }
  const keys = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const [u, v] = IN_SLICE[active.current]
    const up = v === 2 ? 1 : -1
    const moves: Record<string, () => void> = {
      ArrowLeft: () => step(u, -1), ArrowRight: () => step(u, 1), ArrowUp: () => step(v, up), ArrowDown: () => step(v, -up),
      PageUp: () => step(active.current, 1), PageDown: () => step(active.current, -1), '+': () => enlarge(ZOOM_STEP), '-': () => enlarge(1 / ZOOM_STEP),
      Enter: () => hand?.enter(hitAt(at)), Tab: () => undefined,
    }
    const found = moves[event.key]
    if (!found || event.key === 'Tab') return
    event.preventDefault()
    event.stopPropagation()
    if (event.repeat && event.key === 'Enter') return
    found()
    latest.current()
  }
  const { view } = files
  const suv = pet?.whole ? valueAt(pet.image, at) : null
  const hu = ct?.whole ? valueAt(ct.image, at) : null
  const [left, top, width, height] = boxes.mip
  const box = { left: `${left * 100}%`, top: `${top * 100}%`, width: `${width * 100}%`, height: `${height * 100}%` }
  return (
    <section class={own ? 'scan own' : 'scan'} aria-label={own ? 'The scan you read' : 'Earlier scan'} data-scan={own ? 'own' : 'before'}>
      <h2>
        <strong>{view.timepoint}</strong> day {dayOf(view.day)} {own ? '' : <em title="only to look at">earlier, only to look at</em>}
        <output class="cursor" title="SUV in g/mL; place in mm" data-at={at.map((one) => one.toFixed(2)).join(' ')}>
          {suv === null ? '' : `SUV ${suv.toFixed(2)}`}{hu === null ? '' : ` · ${Math.round(hu)} HU`} · {placed(at)}
        </output>
      </h2>
      <div class="pictures" ref={frame}>
        <div class="canvases">
          <canvas ref={images} aria-hidden="true" />
          <canvas
            ref={marks} class={`marks tool-${own ? room.tool : 'decide'}`} tabIndex={0} role="application"
            aria-label={`Slices. Arrows move the crosshair, Page up and Page down change the slice, Enter uses the tool ${room.tool} at the crosshair, plus and minus zoom.`}
            onPointerDown={press} onPointerMove={move} onPointerUp={release} onPointerLeave={() => hover(null)} onPointerCancel={(event) => { fingers.current.delete(event.pointerId); lift() }} onWheel={wheel} onKeyDown={keys}
          />
        </div>
        {room.arrangement === 'three' && <div class="mip" style={box}><Rotating room={room} files={files} own={own} /></div>}
        {trouble && <p class="trouble" role="alert">The slices cannot be shown: {trouble}. The list and the projection still work. Load the page again; if it happens again, tell whoever runs carpet review.</p>}
        {!pet && !trouble && <p class="wait">loading the slices…</p>}
      </div>
    </section>
  )
}

/** Where it is, in words of the body: right or left, anterior or posterior, superior or inferior. */
function placed([l, p, s]: Point): string {
  return `${l < 0 ? 'R' : 'L'} ${Math.abs(l).toFixed(0)}  ${p < 0 ? 'A' : 'P'} ${Math.abs(p).toFixed(0)}  ${s < 0 ? 'I' : 'S'} ${Math.abs(s).toFixed(0)}`
}

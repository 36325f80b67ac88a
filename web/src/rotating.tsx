/* The rotating projection of one scan: drag or arrow keys turn it, a click on a region decides it, a click elsewhere goes to that height. */

import { useEffect, useRef } from 'preact/hooks'
import type { CaseFiles } from './case_files'
import { LOOKS, strokeTwice, writeTwice } from './looks'
import { edgesOf } from './nifti'
import type { Room } from './room'
import { STILL_PX } from './tools'

const TURN_PX = 7 // of dragging for one frame
const ASLANT = 0.86 // within 30° of a side
const BESIDE_PX = 3 // of the sprite, around the pointer, within which a region is meant

interface Fit { left: number; top: number; x: number; y: number }

export function Rotating({ room, files, own }: { room: Room; files: CaseFiles; own: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const drag = useRef<{ x: number; y: number; frame: number; moved: boolean } | null>(null)
  const at = own ? room.at : room.atBefore

  useEffect(() => {
    const drawn = canvas.current!
    const seen = new ResizeObserver(() => draw(drawn, room, files, own))
    seen.observe(drawn)
    return () => seen.disconnect()
  }, [files, own])
  useEffect(() => draw(canvas.current!, room, files, own))

  const press = (event: PointerEvent) => {
    if (event.button !== 0) return
    drag.current = { x: event.offsetX, y: event.offsetY, frame: room.frame, moved: false }
    canvas.current!.setPointerCapture(event.pointerId)
  }
  const move = (event: PointerEvent) => {
    const begun = drag.current
    if (!begun) return
    const away = event.offsetX - begun.x
    begun.moved ||= Math.hypot(away, event.offsetY - begun.y) > STILL_PX
    if (begun.moved) room.set({ frame: wrapped(begun.frame - Math.round(away / TURN_PX), files.view.spin.frames) })
  }
  const release = (event: PointerEvent) => {
    const begun = drag.current
    drag.current = null
    if (begun && !begun.moved) click(event)
  }
  const click = (event: PointerEvent) => {
    const fit = fitOf(canvas.current!, files)
    const x = Math.floor((event.offsetX * devicePixelRatio - fit.left) / fit.x)
    const y = Math.floor((event.offsetY * devicePixelRatio - fit.top) / fit.y)
    const label = labelNear(files, room.frame, x, y)
    const lesion = files.view.lesions.find((one) => one.id === files.drawn.names.get(label))
    if (lesion && own) {
      room.select(lesion.id)
      if (room.tool === 'decide' && !event.shiftKey) room.toggle(lesion.id)
    } else room.goTo([at[0], at[1], heightOf(files, y)], !own)
  }
  const turn = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    event.stopPropagation()
    room.set({ frame: wrapped(room.frame + step, files.view.spin.frames) })
  }
  const degrees = Math.round((room.frame * 360) / files.view.spin.frames)
  return (
    <canvas
      ref={canvas} class="rotating" tabIndex={0} role="application" data-frame={room.frame}
      aria-label={`Rotating projection, ${own ? 'this scan' : 'earlier scan'}, seen from ${degrees} degrees. Left and right arrows turn it; regions can be decided in the list.`}
      onPointerDown={press} onPointerMove={move} onPointerUp={release} onPointerCancel={() => (drag.current = null)} onKeyDown={turn}
    />
  )
}

export const wrapped = (frame: number, frames: number) => ((frame % frames) + frames) % frames

/** Where the frame stands on the canvas, in device pixels, and how large one of its pixels is. */
function fitOf(canvas: HTMLCanvasElement, files: CaseFiles): Fit {
  const { width, height, pixel_width_mm: dx, pixel_height_mm: dy } = files.view.spin
  const perMm = Math.min(canvas.width / (width * dx), canvas.height / (height * dy))
  return { left: (canvas.width - width * dx * perMm) / 2, top: (canvas.height - height * dy * perMm) / 2, x: dx * perMm, y: dy * perMm }
}

function draw(canvas: HTMLCanvasElement, room: Room, files: CaseFiles, own: boolean): void {
  const [wide, high] = [canvas.clientWidth * devicePixelRatio, canvas.clientHeight * devicePixelRatio].map(Math.round) as [number, number]
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high })
  const pen = canvas.getContext('2d')!
  const { width, height } = files.view.spin
  const fit = fitOf(canvas, files)
  const frame = room.frame
  pen.clearRect(0, 0, wide, high)
  pen.imageSmoothingEnabled = true
  pen.drawImage(files.drawn.sprite.shown(frame, room.suvTop), fit.left, fit.top, width * fit.x, height * fit.y)
  if (room.marks) drawRegions(pen, room, files, own, fit, frame)
  drawHeight(pen, fit, files, own ? room.at[2] : room.atBefore[2])
  const small = devicePixelRatio
  pen.font = `${11 * small}px system-ui, sans-serif`
  pen.textAlign = 'left'
  pen.textBaseline = 'top'
  const caption = `MIP, SUV 0–${room.suvTop}`
  pen.fillStyle = 'rgba(0, 0, 0, 0.7)'
  pen.fillRect(0, 0, pen.measureText(caption).width + 8 * small, 19 * small)
  writeTwice(pen, caption, 4 * small, 4 * small, '#c8d2dc')
  const letters = sidesOf(frame, files.view.spin.frames)
  pen.font = `bold ${12 * devicePixelRatio}px system-ui, sans-serif`
  pen.textBaseline = 'middle'
  letters.forEach((letter, n) => {
    pen.textAlign = n ? 'right' : 'left'
    writeTwice(pen, letter, n ? wide - 4 * devicePixelRatio : 4 * devicePixelRatio, high / 2, '#9fe3ff')
  })
}

/** What lies on the left and on the right of the picture; nothing where it is seen aslant. */
function sidesOf(frame: number, frames: number): string[] {
  const angle = (2 * Math.PI * frame) / frames
  if (Math.abs(Math.cos(angle)) > ASLANT) return Math.cos(angle) > 0 ? ['R', 'L'] : ['L', 'R']
  if (Math.abs(Math.sin(angle)) > ASLANT) return Math.sin(angle) > 0 ? ['A', 'P'] : ['P', 'A']
  return []
}

function drawRegions(pen: CanvasRenderingContext2D, room: Room, files: CaseFiles, own: boolean, fit: Fit, frame: number): void {
  const loops = files.drawn.sprite.loops(frame)
  pen.font = `bold ${11 * devicePixelRatio}px system-ui, sans-serif`
  pen.textAlign = 'left'
  pen.textBaseline = 'bottom'
  for (const [label, lines] of loops) {
    const lesion = files.view.lesions.find((one) => one.id === files.drawn.names.get(label))
    if (!lesion) continue
    const look = LOOKS[lesion.status]
    const path = new Path2D()
    let [right, top] = [-Infinity, Infinity]
    for (const loop of lines) {
      for (const [n, corner] of loop.entries()) {
        const [x, y] = [fit.left + corner[0] * fit.x, fit.top + corner[1] * fit.y]
        if (n) path.lineTo(x, y)
        else path.moveTo(x, y)
        right = Math.max(right, x)
        top = Math.min(top, y)
      }
      path.closePath()
    }
    if (right < 0) continue
    const chosen = own && lesion.id === room.selected
    strokeTwice(pen, path, look.colour, look.dash.map((one) => one * devicePixelRatio), (chosen ? 3 : 1.5) * devicePixelRatio)
    writeTwice(pen, look.letter, right + 1, top + 3, look.colour)
  }
}

/** The height of the axial slice: a line across. */
function drawHeight(pen: CanvasRenderingContext2D, fit: Fit, files: CaseFiles, height: number): void {
  const y = fit.top + ((topOf(files) - height) / files.view.spin.pixel_height_mm) * fit.y
  pen.strokeStyle = 'rgba(70, 150, 110, 0.8)'
  pen.lineWidth = devicePixelRatio
  pen.beginPath()
  pen.moveTo(0, y)
  pen.lineTo(pen.canvas.width, y)
  pen.stroke()
}

const topOf = (files: CaseFiles) => edgesOf(files.grid)[1][2]

const heightOf = (files: CaseFiles, row: number) => topOf(files) - (row + 0.5) * files.view.spin.pixel_height_mm

function labelNear(files: CaseFiles, frame: number, x: number, y: number): number {
  const { width, height } = files.view.spin
  const labels = files.drawn.sprite.labels(frame)
  let [best, found] = [Infinity, 0]
  for (let dy = -BESIDE_PX; dy <= BESIDE_PX; dy++) {
    for (let dx = -BESIDE_PX; dx <= BESIDE_PX; dx++) {
      const inside = x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height
      const label = inside ? labels[(y + dy) * width + x + dx]! : 0
      if (label && dx * dx + dy * dy < best) [best, found] = [dx * dx + dy * dy, label]
    }
  }
  return found
}

/* The whole page: bar, tools, the two scans, the reading, and what to do when something is wrong. */

import { useEffect, useMemo, useReducer } from 'preact/hooks'
import { CaseList, Dialogs, Mend, Notices } from './dialogs'
import { DISPLAYS, type Display, SUV_TOPS } from './displays'
import { onKey } from './keys'
import { ReadingPanel } from './reading_panel'
import type { Room } from './room'
import { ScanView } from './scan_view'
import { Hand, TOOLS } from './tools'

export function Page({ room }: { room: Room }) {
  const [, again] = useReducer((n: number) => n + 1, 0)
  const hand = useMemo(() => new Hand(room), [])
  useEffect(() => {
    const stop = room.listen(() => again(0))
    const keys = (event: KeyboardEvent) => onKey(event, room, hand)
    const follow = () => room.follow()
    document.addEventListener('keydown', keys)
    document.addEventListener('change', freeKeys)
    addEventListener('hashchange', follow)
    void room.start()
    return () => {
      stop()
      document.removeEventListener('keydown', keys)
      document.removeEventListener('change', freeKeys)
      removeEventListener('hashchange', follow)
    }
  }, [])
  const { files, before, view } = room
  return (
    <>
      <Bar room={room} hand={hand} />
      <main>
        {room.offline ? <NoAnswer room={room} />
          : room.trouble.length > 0 && !room.dialog && !room.needsLogin && <div class="banner" role="alert"><Notices notices={room.trouble} />{room.outdated && <Mend room={room} id={room.outdated} />} <button onClick={() => room.set({ trouble: [], outdated: null })}>close</button></div>}
        {files && view && !room.opening ? (
          <div class="work">
            <div class={before && room.sideBySide ? 'scans two' : 'scans'}>
              {before && room.sideBySide && <ScanView key={`before ${before.view.case}`} room={room} files={before} hand={null} />}
              <ScanView key={view.case} room={room} files={files} hand={hand} />
            </div>
            <ReadingPanel room={room} view={view} />
          </div>
        ) : room.opening ? (
          <p class="wait" role="status">opening {room.opening}…</p>
        ) : (
          <section class="welcome"><h1>Cases</h1>{room.queue ? <CaseList room={room} /> : <p>{room.offline || room.trouble.length ? '' : 'loading…'}</p>}</section>
        )}
      </main>
      <footer>
        <div class="said" role="status" aria-live="polite">{room.said}</div>
        {room.mayEdit && !room.opening && <span class="hint">{TOOLS.filter((one) => one.name === room.tool).map((one) => `${one.title}: ${one.does}`)}</span>}
      </footer>
      <Dialogs room={room} />
    </>
  )
}

/** The server does not answer, or not this browser: why, as far as it said so, and what becomes of the edits. */
function NoAnswer({ room }: { room: Room }) {
  const kept = room.unsent.length > 1 ? `Your last ${room.unsent.length} edits are kept in this browser and sent as soon as that has changed.` : 'Your last edit is kept in this browser and sent as soon as that has changed.'
  return (
    <div class="banner" role="alert">
      {room.trouble.length ? <Notices notices={room.trouble} /> : <><b>No connection to carpet review.</b> Is <code>carpet review</code> still running?</>}{' '}
      {room.busy ? kept : 'Nothing is lost.'} It is tried again every few seconds. <button onClick={() => void room.retry()}>try now</button>
    </div>
  )
}

function Bar({ room, hand }: { room: Room; hand: Hand }) {
  const { view, me } = room
  const opening = room.opening !== null
  return (
    <header class="bar">
      <button onClick={() => room.set({ dialog: 'queue' })} title="the queue (Q)" aria-label="Cases: open the queue">☰ Cases</button>
      {view ? <h1>{view.patient} <span>{view.timepoint}</span></h1> : <h1>Reading room <span>{me?.trial}</span></h1>}
      {view && <>
        <div class="group"><button onClick={() => room.openNext(-1)} title="case before (Shift N)" aria-label="case before">‹</button><button onClick={() => room.openNext(1)} title="next case (N)" aria-label="next case">›</button></div>
        <div class="group">
          <button onClick={() => room.edit('undo')} disabled={!room.mayEdit || !view.standing.length || opening} title="take the last edit back (Z)">↶ Undo</button>
          {room.maySign && <button class="main" disabled={opening} onClick={() => room.set({ dialog: 'sign' })} title="finish: sign (F)">Sign</button>}
          {view.may.unlock && <button disabled={opening} onClick={() => room.set({ dialog: 'unlock' })}>Unlock</button>}
          {view.may.adjudicate && <button class="main" disabled={opening} onClick={() => room.set({ dialog: 'adjudicate' })}>Adjudicate</button>}
        </div>
        <span class="state" role="status">{room.busy ? (room.offline ? 'not saved yet' : 'saving…') : view.reading === 'signed' ? 'signed, locked' : view.reading ? 'saved' : 'to look at'}</span>
      </>}
      <span class="gap" />
      {me && <span class="who">{me.name} <small>{me.role}</small></span>}
      {me?.accounts && <button onClick={() => void room.logOut()}>Log out</button>}
      <button onClick={() => room.set({ dialog: 'help' })} aria-label="help" title="help (?)">?</button>
      {view && <div class="second"><Tools room={room} hand={hand} /><span class="gap" /><Pictures room={room} /></div>}
    </header>
  )
}

/** A list keeps the keys for itself while it has the focus: once something is chosen they go to the page again. */
function freeKeys({ target }: Event): void {
  if (target instanceof HTMLSelectElement) target.blur()
}

function Tools({ room, hand }: { room: Room; hand: Hand }) {
  if (!room.mayEdit) return null
  const amount = (title: string, name: 'brushMm' | 'sphereMm' | 'sphereSuv', unit: string, step: number, most: number) => (
    <label class="amount">{title}<input type="number" min={step} max={most} step={step} value={room[name]} onChange={(event) => room.set({ [name]: Math.min(most, Math.max(step, event.currentTarget.valueAsNumber || step)) })} /> {unit}</label>
  )
  return (
    <div class="group tools" role="toolbar" aria-label="Tools">
      {TOOLS.map((tool) => (
        <button key={tool.name} aria-pressed={room.tool === tool.name} aria-keyshortcuts={tool.key} aria-label={tool.title} title={`${tool.does} (${tool.key})`} onClick={() => { hand.drop(); room.set({ tool: tool.name }) }}>{tool.title} <kbd>{tool.key}</kbd></button>
      ))}
      {(room.tool === 'brush' || room.tool === 'erase') && amount('radius', 'brushMm', 'mm', 1, 50)}
      {room.tool === 'sphere' && <>{amount('radius', 'sphereMm', 'mm', 1, 300)}{amount('SUV ≥', 'sphereSuv', '', 0.1, 100)}</>}
    </div>
  )
}

function Pictures({ room }: { room: Room }) {
  return (
    <div class="group">
      <label class="heard" for="display">Window</label>
      <select id="display" value={room.display} onChange={(event) => room.set({ display: event.currentTarget.value as Display })}>
        {Object.entries(DISPLAYS).map(([name, one]) => <option key={name} value={name} disabled={Boolean(one.ct) && !room.view?.has_ct}>{one.title}</option>)}
      </select>
      <label class="amount" title="SUV in g/mL">SUV 0–<select value={room.suvTop} onChange={(event) => room.set({ suvTop: Number(event.currentTarget.value) })}>{SUV_TOPS.map((one) => <option key={one}>{one}</option>)}</select></label>
      {room.before && <button aria-pressed={room.sideBySide} onClick={() => room.set({ sideBySide: !room.sideBySide })} title="earlier scan beside this one (O)">Earlier</button>}
      {room.before && room.sideBySide && <button aria-pressed={room.linked} onClick={() => room.link()} title="both scans move together (L)">Linked</button>}
    </div>
  )
}

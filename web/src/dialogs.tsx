/* What stands in front of the page: log-in, queue, help, signature, unlocking, adjudication, and the view of a conflict. */

import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { CaseState, Notice, QueueCase, ReadingState } from './contract'
import { dayOf } from './days'
import { KEYS } from './keys'
import { LOOKS } from './looks'
import { actInWords, byNumbers, inWords, moment, nameOf } from './reading_panel'
import { type Room, readable, summary } from './room'

const MEANING = 'I have read this scan; this is my reading.'
const CHOICE = 'I have seen both readings; this is the one that stands.'

/** A modal dialog of the browser's own: it keeps the focus and closes with Escape; without `close` it stays. */
function Modal({ title, close, children, wide }: { title: string; close: (() => void) | null; children: ComponentChildren; wide?: boolean }) {
  const box = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null
    box.current!.showModal()
    box.current!.scrollTop = 0
    return () => before?.focus()
  }, [])
  const cancel = (event: Event) => {
    event.preventDefault()
    close?.()
  }
  const stay = (event: KeyboardEvent) => event.key === 'Escape' && !close && event.preventDefault()
  const closed = () => (close ? close() : box.current?.showModal()) // a browser closes it at the second Escape, whatever the page says
  return (
    <dialog ref={box} class={wide ? 'wide' : ''} aria-label={title} onCancel={cancel} onKeyDown={stay} onClose={closed}>
      <header><h2>{title}</h2>{close && <button onClick={close} aria-label="close">✕</button>}</header>
      {children}
    </dialog>
  )
}

export function Dialogs({ room }: { room: Room }) {
  const close = () => room.set({ dialog: null, trouble: [] })
  if (room.needsLogin) return <LogIn room={room} />
  if (room.conflict) return <Conflicting room={room} />
  if (room.dialog === 'help') return <Help room={room} close={close} />
  if (room.dialog === 'queue') return <Modal title="Cases" close={close} wide><CaseList room={room} /></Modal>
  if (room.dialog === 'sign') return <Sign room={room} close={close} />
  if (room.dialog === 'unlock') return <Unlock room={room} close={close} />
  if (room.dialog === 'reason') return <TakeBack room={room} />
  if (room.dialog === 'adjudicate') return <Adjudicate room={room} close={close} />
  return null
}

export function Notices({ notices }: { notices: Notice[] }) {
  if (!notices.length) return null
  return (
    <ul class="notices">
      {notices.map((one, n) => (
        <li key={n}><b>{one.message}</b>{one.found && <> (found: {one.found}{one.where && `, ${one.where}`})</>}. {one.allowed && <>Allowed: {one.allowed}. </>}<em>What to do: {one.remedy}.</em> <code>{one.code}</code></li>
      ))}
    </ul>
  )
}

function LogIn({ room }: { room: Room }) {
  const [name, setName] = useState(room.me?.name ?? '')
  const [password, setPassword] = useState('')
  const submit = async (event: Event) => {
    event.preventDefault()
    await room.logIn(name, password)
    setPassword('')
  }
  return (
    <Modal title="Log in to the reading room" close={null}>
      {room.me && <p>Your session is over. {room.busy ? 'What was not saved yet is kept in this browser and sent once you have logged in.' : 'What you did is saved; log in and go on.'}</p>}
      <form onSubmit={(event) => void submit(event)}>
        <label class="stacked">Account<input autofocus autocomplete="username" value={name} required onInput={(event) => setName(event.currentTarget.value)} /></label>
        <label class="stacked">Password<input type="password" autocomplete="current-password" value={password} required onInput={(event) => setPassword(event.currentTarget.value)} /></label>
        <div role="alert"><Notices notices={room.trouble} /></div>
        <button class="main">Log in</button>
      </form>
    </Modal>
  )
}

const STATES: Record<CaseState, string> = { planned: 'nobody is named to read it', reading: 'being read', signed: 'signed', disputed: 'the readings differ', settled: 'settled' }
const BEGUN: Record<ReadingState, string> = { assigned: 'to be read', open: 'opened', edited: 'begun', signed: 'signed by you; the other reader has not signed yet', unlocked: 'unlocked: to be signed again' }

function stateOf(one: QueueCase): string {
  const words = one.reading && one.state === 'reading' ? BEGUN[one.reading] : STATES[one.state]
  const done = one.reading === 'signed' || one.state === 'signed' || one.state === 'settled'
  return `${one.due ? '●' : done ? '✓' : '○'} ${words}`
}

export function CaseList({ room }: { room: Room }) {
  const cases = room.queue?.cases ?? []
  return (
    <>
      {!cases.length && <EmptyTrial />}
      {cases.length > 0 && (
        <table class="queue">
          <thead><tr><th scope="col">Patient</th><th scope="col">Scan</th><th scope="col">Day</th><th scope="col">State</th><th scope="col" /></tr></thead>
          <tbody>
            {cases.map((one) => (
              <tr key={one.case} class={one.case === room.view?.case ? 'chosen' : ''} data-case={one.case}>
                <th scope="row">{one.patient}</th><td>{one.timepoint}</td><td class="number">{dayOf(one.day)}</td>
                <td>{one.refused.length ? <><b>refused.</b> <Notices notices={one.refused} /><Mend room={room} id={one.case} /></> : one.waits_for.length ? `sign first: ${one.waits_for.join(', ')}` : stateOf(one)}</td>
                <td>{one.state === 'planned' && room.me?.role === 'administrator' && !one.refused.length ? <Assign room={room} id={one.case} /> : <button disabled={!readable(one)} onClick={() => void room.open(one.case)}>open</button>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {room.dialog === 'queue' && <div role="alert"><Notices notices={room.trouble} /></div>}
      {room.queue && room.queue.refusals.length > 0 && <section><h3>Scans that were refused</h3><Notices notices={room.queue.refusals} /></section>}
    </>
  )
}

/** A reading whose scan cannot be shown as it was read is unlocked, then started again; each with a reason. */
export function Mend({ room, id }: { room: Room; id: string }) {
  const row = room.queue?.cases.find((one) => one.case === id)
  if (!row) return null
  const { may } = row
  return (
    <>
      {row.reading === 'signed' && !may.unlock.length && <p>An administrator unlocks it, in the queue.</p>}
      {may.unlock.map(({ who, version }) => <Because key={who} does={`unlock the reading of ${who}`} take={(reason) => void room.unlockUnseen(id, who, version, reason)} />)}
      {may.start_again && <Because key="again" does="start it again" take={(reason) => void room.startAgain(id, reason)} />}
    </>
  )
}

function Because({ does, take }: { does: string; take: (reason: string) => void }) {
  const [reason, setReason] = useState('')
  const submit = (event: Event) => {
    event.preventDefault()
    take(reason.trim())
  }
  return (
    <form class="row" onSubmit={submit}>
      <label>Reason<input value={reason} required maxLength={2000} onInput={(event) => setReason(event.currentTarget.value)} /></label>
      <button disabled={!reason.trim()}>{does}</button>
    </form>
  )
}

/** An administrator names who reads a case, and who settles it where two readers differ. */
function Assign({ room, id }: { room: Room; id: string }) {
  const [readers, setReaders] = useState('')
  const [adjudicator, setAdjudicator] = useState('')
  const submit = (event: Event) => {
    event.preventDefault()
    void room.assign(id, readers.split(/[\s,]+/).filter(Boolean), adjudicator.trim())
  }
  return (
    <form class="row" onSubmit={submit}>
      <label>Readers<input value={readers} required placeholder="one, two" onInput={(event) => setReaders(event.currentTarget.value)} /></label>
      <label>Adjudicator<input value={adjudicator} onInput={(event) => setAdjudicator(event.currentTarget.value)} /></label>
      <button>name them</button>
    </form>
  )
}

function EmptyTrial() {
  return (
    <div class="empty">
      <p><b>There is no case to read.</b></p>
      <ul>
        <li>Has the trial been run? <code>carpet run TRIAL</code> measures the scans; then load this page again.</li>
        <li>With accounts, an administrator names the readers of each case: nothing may be assigned to you yet.</li>
        <li>Scans that could not be quantified are listed as refused, each with what to do.</li>
      </ul>
    </div>
  )
}

function Help({ room, close }: { room: Room; close: () => void }) {
  return (
    <Modal title="Help" close={close} wide>
      <p>Decide each region on the projection or in a slice: one click or one key makes it disease or physiologic. The numbers come from the server after each edit. Everything is kept in the history; nothing is overwritten. When the reading is complete, sign it (F).</p>
      <p class="legend">{Object.values(LOOKS).map((look) => <span key={look.word} class={`status ${look.word}`}>{look.letter}</span>).reduce<ComponentChildren[]>((all, one, n) => [...all, one, ` ${Object.values(LOOKS)[n]!.word} `], [])}; solid, dashed and dotted lines. </p>
      <label class="check"><input type="checkbox" checked={room.singleKeys} onChange={(event) => room.set({ singleKeys: event.currentTarget.checked })} /> single keys act (switch them off if you dictate or your keyboard sends them by itself)</label>
      <div class="keys">
        {(['Regions', 'Reading', 'Cases', 'Pictures', 'Tools'] as const).map((group) => (
          <section key={group}><h3>{group}</h3><dl>{KEYS.filter((one) => one.group === group).map((one) => <div key={one.shown + one.says}><dt><kbd>{one.shown}</kbd></dt><dd>{one.says}</dd></div>)}</dl></section>
        ))}
        <section><h3>In the slices</h3><dl>
          <div><dt><kbd>wheel</kbd></dt><dd>other slice; with Ctrl: zoom</dd></div>
          <div><dt><kbd>arrows</kbd></dt><dd>move the crosshair, Page up and Page down the slice</dd></div>
          <div><dt><kbd>Tab</kbd></dt><dd>from picture to picture and to the lists</dd></div>
        </dl></section>
      </div>
    </Modal>
  )
}

function Password({ room, value, set }: { room: Room; value: string; set: (value: string) => void }) {
  if (!room.me?.accounts) return <p>This room has one reader and no password: the signature is given as <b>{room.me?.name}</b>.</p>
  return <label class="stacked">Your password again<input autofocus type="password" autocomplete="current-password" value={value} required onInput={(event) => set(event.currentTarget.value)} /></label>
}

function Sign({ room, close }: { room: Room; close: () => void }) {
  const [password, setPassword] = useState('')
  const view = room.view!
  const open = view.lesions.filter((one) => one.status === 'undecided')
  const missing = (said: unknown) => (view.baseline && said === null ? 'warn' : '')
  const submit = (event: Event) => {
    event.preventDefault()
    void room.sign(password)
  }
  return (
    <Modal title={`Sign ${view.patient}, ${view.timepoint}`} close={close}>
      <ul class="facts">
        <li>{summary(view)}</li>
        <li class={missing(view.deauville.score)}>Deauville: {view.deauville.score ?? 'not scored'}</li>
        {view.baseline && <li class={missing(view.new_lesions.present)}>New lesions: {view.new_lesions.present === null ? 'not said' : view.new_lesions.present ? view.new_lesions.lesions.join(', ') || 'yes' : 'none'}</li>}
        {view.response.map((one) => <li key={one.criterion}>{nameOf(one.criterion)}: {one.category} {byNumbers(one)}</li>)}
        {open.length > 0 && <li class="warn">{open.length} undecided: {open.map((one) => one.id).join(', ')}. Decide them first (D or P): they are in no number.</li>}
        {room.busy && <li class="warn">An edit has not been saved yet: wait for it.</li>}
      </ul>
      <form onSubmit={submit}>
        <blockquote>{MEANING}</blockquote>
        <Password room={room} value={password} set={setPassword} />
        <p>Signing locks the reading. It can be unlocked with a reason.</p>
        <div role="alert"><Notices notices={room.trouble} /></div>
        <button class="main" autofocus={!room.me?.accounts} disabled={room.busy || room.deciding}>Sign</button>
      </form>
    </Modal>
  )
}

function Unlock({ room, close }: { room: Room; close: () => void }) {
  return <Why room={room} title="Unlock this reading" says="This voids the signature." does="Unlock" close={close} take={(reason) => void room.unlock(reason)} />
}

/** An edit that was signed once is taken back. */
function TakeBack({ room }: { room: Room }) {
  const drop = () => void room.giveReason(null)
  return <Why room={room} title="Take back what was signed" says="This edit was signed once." does="Take back" close={drop} take={(reason) => void room.giveReason(reason)} />
}

function Why({ room, title, says, does, close, take }: { room: Room; title: string; says: string; does: string; close: () => void; take: (reason: string) => void }) {
  const [reason, setReason] = useState('')
  const submit = (event: Event) => {
    event.preventDefault()
    take(reason.trim())
  }
  return (
    <Modal title={title} close={close}>
      <form onSubmit={submit}>
        <p>{says} The reason stands in the history for good.</p>
        <label class="stacked">Reason<textarea autofocus value={reason} required maxLength={2000} onInput={(event) => setReason(event.currentTarget.value)} /></label>
        <div role="alert"><Notices notices={room.trouble} /></div>
        <button class="main" disabled={!reason.trim() || room.deciding}>{does}</button>
      </form>
    </Modal>
  )
}

function Adjudicate({ room, close }: { room: Room; close: () => void }) {
  const view = room.view!
  const [choice, setChoice] = useState('')
  const [password, setPassword] = useState('')
  const submit = (event: Event) => {
    event.preventDefault()
    void room.choose(choice, password)
  }
  return (
    <Modal title={`Adjudicate ${view.patient}, ${view.timepoint}`} close={close}>
      <h3>Why</h3>
      <ul>{view.disagreements.map((one) => <li key={one.trigger}>{one.because} <code>{one.trigger}</code></li>)}</ul>
      <form onSubmit={submit}>
        <table class="references">
          <caption>Which reading stands?</caption>
          <thead><tr><th scope="col">Reading of</th><th scope="col">Response</th><th scope="col">Deauville</th><th scope="col">TMTV mL</th></tr></thead>
          <tbody>{view.readings.filter((one) => one.signed).map((one) => (
            <tr key={one.who}><th scope="row"><label><input type="radio" name="choice" value={one.who} required onChange={() => setChoice(one.who)} /> {one.who}</label>{one.not_blind.map((words) => <small key={words}><br />not blind: changed {words}</small>)}</th><td>{one.category ?? '–'}</td><td>{one.deauville ?? '–'}</td><td class="number">{one.tmtv_ml?.toFixed(1) ?? '–'}</td></tr>
          ))}</tbody>
        </table>
        <blockquote>{CHOICE}</blockquote>
        <Password room={room} value={password} set={setPassword} />
        <div role="alert"><Notices notices={room.trouble} /></div>
        <button class="main" disabled={!choice || room.deciding}>Choose and sign</button>
      </form>
    </Modal>
  )
}

function Conflicting({ room }: { room: Room }) {
  const { since } = room.conflict!
  const mine = room.unsent
  const [edits, them] = mine.length === 1 ? ['edit', 'it'] : ['edits', 'them']
  const load = since.length ? 'Load the newer reading' : ''
  return (
    <Modal title={since.length ? 'This reading went on elsewhere' : `${mine.length === 1 ? 'An edit' : `${mine.length} edits`} of yours ${mine.length === 1 ? 'was' : 'were'} not saved`} close={null} wide>
      <p>{since.length ? 'It was changed in another window or on another machine after you loaded it.' : `This browser has kept ${them} until now.`} {mine.length ? `Nothing is lost: your ${edits} ${mine.length === 1 ? 'has' : 'have'} not been made yet.` : 'What you asked for has not been done.'}</p>
      <div class="both">
        {since.length > 0 && <section><h3>Done elsewhere</h3><ol>{since.map((one) => <li key={one.number}>{actInWords(one)} <small>{one.who}, {moment(one.at)}</small></li>)}</ol></section>}
        {mine.length > 0 && <section><h3>Your {edits}</h3><ol class="unsent">{mine.map((one) => <li key={one.id}>{inWords(one.edit)}{one.reason && <>, because <q>{one.reason}</q></>}</li>)}</ol></section>}
      </div>
      {mine.length ? (
        <div class="row">
          <button class="main" onClick={() => void room.settle(true)}>{load ? `${load} and make my ${edits} on it` : `Make my ${edits} now`}</button>
          <button onClick={() => void room.settle(false)}>{load ? `${load} and drop my ${edits}` : `Drop my ${edits}`}</button>
        </div>
      ) : <button class="main" onClick={() => void room.settle(true)}>{load}</button>}
    </Modal>
  )
}

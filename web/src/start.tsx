/* Begins the page. */

import { render } from 'preact'
import { Page } from './page'
import { Room } from './room'
import './style.css'

render(<Page room={new Room()} />, document.getElementById('page')!)

/* Days, as they are written. */

/** Days from infusion, with a minus that is seen. */
export const dayOf = (day: number) => String(day).replace('-', '−')

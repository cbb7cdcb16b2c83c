import { LONGEST } from '../shared.ts'

const NAMES = ['Ada', 'Alan', 'Barbara', 'Donald', 'Edsger', 'Frances', 'Grace', 'Katherine']

/** The name of this window's person: from its address, from before, or random. */
export const person = named(new URLSearchParams(location.search).get('name'))

function named(wanted: string | null): string {
  const random = NAMES[Math.floor(Math.random() * NAMES.length)] ?? 'Ada'
  const name = wanted?.trim().slice(0, LONGEST.name) || sessionStorage.getItem('name') || random
  sessionStorage.setItem('name', name)
  return name
}

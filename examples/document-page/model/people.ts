import { Person } from './person.ts'

/** The two people of the page. */
export const ada = new Person('Ada')
export const grace = new Person('Grace')

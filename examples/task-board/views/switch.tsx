/** Something that is on or off. */
export function Switch(props: { on: boolean; turn: (on: boolean) => unknown; children: string }) {
  return (
    <label className="switch">
      <input
        type="checkbox"
        role="switch"
        checked={props.on}
        aria-checked={props.on}
        onChange={(event) => props.turn(event.target.checked)}
      />
      {props.children}
    </label>
  )
}

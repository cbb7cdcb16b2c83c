/** A switch that is on or off. */
export function Switch(props: { on: boolean; toggle: (on: boolean) => unknown; children: string }) {
  return (
    <label className="switch">
      <input
        type="checkbox"
        role="switch"
        checked={props.on}
        aria-checked={props.on}
        onChange={(event) => props.toggle(event.target.checked)}
      />
      {props.children}
    </label>
  )
}

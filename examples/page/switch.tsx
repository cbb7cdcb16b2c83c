/** Properties of {@link Switch}: its label is shown beside it, or only read out. */
type SwitchProps = { readonly on: boolean; readonly toggle: (on: boolean) => unknown } & (
  | { readonly children: string }
  | { readonly label: string }
)

/** A switch that is on or off. */
export function Switch({ on, toggle, ...named }: SwitchProps) {
  return (
    <label className="switch">
      <input
        type="checkbox"
        role="switch"
        checked={on}
        aria-checked={on}
        aria-label={'label' in named ? named.label : undefined}
        onChange={(event) => toggle(event.target.checked)}
      />
      {'children' in named && named.children}
    </label>
  )
}

/**
 * Returns the configuration of an nginx that runs in the foreground, and writes into one folder only.
 *
 * @param http the contents of its block `http`
 * @param modules directives that load modules
 */
export function nginxConfiguration(folder: string, http: string, modules = ''): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
    ${modules}
    daemon off;
    master_process off;
    pid ${folder}/pid;
    error_log stderr;
    events {}
    http {
      access_log off;
      ${temporary.map((kind) => `${kind}_temp_path ${folder}/${kind};`).join('\n')}
      ${http}
    }`
}

/** Returns the command that runs nginx with a configuration. */
export function nginxCommand(file: string): readonly [command: string, ...args: string[]] {
  return ['nginx', '-e', 'stderr', '-c', file]
}

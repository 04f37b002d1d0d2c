/** What the first lines on the terminal tell. */
export interface Welcome {
  /** Such as `http://127.0.0.1:8080`. */
  readonly address: string;
  readonly dataDir: string;
  /** The file that holds the admin key; absent when it came from ADMIN_KEY. */
  readonly adminKeyPath: string | undefined;
}

/** The lines printed when the embedded mode is up: where it is, where its key is, and calls that work when pasted. */
export function welcomeText({ address, dataDir, adminKeyPath }: Welcome): string {
  const key = adminKeyPath === undefined ? '$ADMIN_KEY' : `$(cat ${shellQuote(adminKeyPath)})`;
  const curl = (path: string, body?: string) =>
    [
      `curl -sS -H "Authorization: Bearer ${key}"`,
      ...(body === undefined ? [] : [`-H 'content-type: application/json' -d '${body}'`]),
      shellQuote(`${address}${path}`),
    ].join(' ');
  return `
Origin Allowlist   ${address}
Documentation      ${address}/docs
Admin key          ${adminKeyPath ?? 'the one in ADMIN_KEY'}
Database           embedded PostgreSQL, data in ${dataDir}

Try it: make a tenant, allow an origin, ask what a browser would be told.

${curl('/v1/tenants', '{"slug":"acme","name":"Acme"}')}

${curl('/v1/tenants/acme/origins', '{"pattern":"https://app.example.com"}')}

${curl('/v1/evaluate', '{"tenant":"acme","origin":"https://app.example.com","method":"GET"}')}

Ctrl-C stops it; the data stays.
`;
}

function shellQuote(text: string): string {
  return /^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

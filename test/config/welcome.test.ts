import { describe, expect, it } from 'vitest';
import { welcomeText } from '../../src/welcome.js';

describe('given a key file with quotes and spaces in its path', () => {
  it('quotes the path for the shell', () => {
    const text = welcomeText({
      address: 'http://127.0.0.1:8080',
      dataDir: "/home/o'neil/my data",
      adminKeyPath: "/home/o'neil/my data/admin-key",
    });
    expect(text).toContain(
      `curl -sS -H "Authorization: Bearer $(cat '/home/o'\\''neil/my data/admin-key')" -H 'content-type: application/json' -d '{"slug":"acme","name":"Acme"}' http://127.0.0.1:8080/v1/tenants\n`,
    );
  });
});

describe('given a key from the environment', () => {
  it('shows the variable, not the key', () => {
    const text = welcomeText({ address: 'http://[::1]:8080', dataDir: '/data', adminKeyPath: undefined });
    expect(text).toContain('Admin key          the one in ADMIN_KEY\n');
    expect(text).toContain(`"Authorization: Bearer $ADMIN_KEY"`);
    expect(text).toContain(` 'http://[::1]:8080/v1/tenants'\n`);
  });
});

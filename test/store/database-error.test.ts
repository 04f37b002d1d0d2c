import { DatabaseError } from 'pg';
import { describe, expect, it } from 'vitest';
import { toStoreError } from '../../src/store/database-error.js';

function refusal(sqlState: string): DatabaseError {
  return Object.assign(new DatabaseError('refused', 0, 'error'), { code: sqlState });
}

describe('given a statement the server refused', () => {
  it.each(['22003', '22007', '22008', '22021', '22P02', '22P05'])(
    'blames the input for a value that cannot be stored (%s)',
    (sqlState) => {
      expect(toStoreError(refusal(sqlState))).toMatchObject({ code: 'invalid_input' });
    },
  );

  it.each(['08006', '25P02', '40001', '53300', '55P03', '57014'])('says not now to %s', (sqlState) => {
    expect(toStoreError(refusal(sqlState))).toMatchObject({ code: 'store_unavailable' });
  });

  it.each(['22012', '23505', '42601', '55000'])('leaves %s as it is', (sqlState) => {
    const error = refusal(sqlState);
    expect(toStoreError(error)).toBe(error);
  });
});

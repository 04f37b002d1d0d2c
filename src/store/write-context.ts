import type { Usage } from './usage.js';

/** Who writes, for the trail. */
export interface WriteContext {
  readonly actor: string;
  readonly requestId: string;
  /** The key that writes: it must still be good when the write is done. Absent or `null`: no key of the table. */
  readonly keyId?: string | null | undefined;
  /** Ids of the tenants the caller may write to; absent or `null` = all. Any other tenant is not found. */
  readonly tenantIds?: readonly string[] | null | undefined;
  /** Whether the instances that apply the write are asked to say so at once. Default false. */
  readonly ack?: boolean | undefined;
  /** Hears what the tenant has of its quotas after the write, or before one that is refused for them. Must not throw. */
  readonly onUsage?: ((usage: Usage) => void) | undefined;
  /** Hears where the tenant's chain stands after the write, changed or not, once it is committed. Must not throw. */
  readonly onWritten?: ((head: ChainHead) => void) | undefined;
}

/** Where a tenant's chain stands: the hash of its newest change, which stands for all before it. */
export interface ChainHead {
  readonly revision: number;
  readonly headHash: string;
}

import { z } from 'zod';

/** How an SDK names itself. */
export const InstanceNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/)
  .meta({ description: 'A name the process made for itself, anew at each start.' });

/** What the application it is in is called. */
export const ServiceNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/)
  .meta({ description: 'The application it is in.' });

/** Tenants named in one call of an SDK. */
export const MAX_TENANTS = 1_000;

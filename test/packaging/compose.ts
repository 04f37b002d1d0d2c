import { parse } from 'yaml';
import { z } from 'zod';
import { readText } from './workspace.js';

const textual = z.union([z.string(), z.number()]).transform(String);

const serviceSchema = z.object({
  image: z.string().optional(),
  build: z.string().optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), textual),
  ports: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  volumes: z.array(z.string()).default([]),
  healthcheck: z.object({
    test: z.array(z.string()).min(2),
    interval: z.string(),
    timeout: z.string(),
    retries: z.number(),
  }),
});

const composeSchema = z.object({
  services: z.record(z.string(), serviceSchema),
  volumes: z.record(z.string(), z.null()),
});

export type Compose = z.infer<typeof composeSchema>;

const VARIABLE = /\$\{([A-Z_]+)(?::\?([^}]*)|:-([^}]*))?\}/g;

/** docker-compose.yml as Docker would read it with these variables set; `${NAME:?…}` without a value is an error. */
export async function readCompose(variables: Readonly<Record<string, string>>): Promise<Compose> {
  const text = await readText('docker-compose.yml');
  const filled = text.replaceAll(VARIABLE, (_, name: string, complaint?: string, fallback?: string) => {
    const value = variables[name] || fallback;
    if (value === undefined) throw new Error(`required variable ${name} is missing: ${complaint}`);
    return value;
  });
  return composeSchema.parse(parse(filled));
}

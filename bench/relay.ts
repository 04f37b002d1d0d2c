/** The least there could be between a write and its readers: `relay.ts REDIS_URL` subscribes and writes what it hears to every response. */
import http from 'node:http';
import { Redis } from 'ioredis';

const [redisUrl = ''] = process.argv.slice(2);
const responses = new Set<http.ServerResponse>();

const redis = new Redis(redisUrl);
redis.on('message', (_channel, frame) => {
  for (const response of responses) response.write(frame);
});
await redis.subscribe('bench-relay');

const server = http.createServer((request, response) => {
  request.socket.setNoDelay(true);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  responses.add(response);
  response.on('close', () => responses.delete(response));
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' ? address?.port : undefined });
});
// Without a parent nobody would stop it.
process.on('disconnect', () => process.exit());

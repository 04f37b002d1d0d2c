import { describe, expect, it } from 'vitest';
import { convertConfiguration } from '../../src/migrate/conversion.js';
import { opened } from './ours.js';

const Z = "cors({ origin: 'https://z.com' })";
const FLASK_Z = 'cross_origin(origins="https://z.com")';
const HONO = "import { cors } from 'hono/cors';";
const KOA = "import cors from '@koa/cors';";

/** A source, and the paths on which it lets in `https://z.com`. */
const TOLD: readonly (readonly [source: string, ...paths: string[]])[] = [
  [`const P = '/p'; app.use(P, ${Z})`, '/p'],
  [`const PATHS = { orders: '/orders' }; const layer = ${Z}; app.get(PATHS.orders, layer, list)`, '/orders'],
  [`const PATHS = Object.freeze({ api: '/api' }); app.use(PATHS.api, ${Z})`, '/api'],
  [`app.use(['/a', '/b'], ${Z})`, '/a', '/b'],
  [`app.use('/a', [json, ${Z}])`, '/a'],
  [`const layers = [${Z}]; app.use('/a', layers)`, '/a'],
  [`const layers = { api: ${Z} }; app.use('/a', layers.api)`, '/a'],
  [`app.use(...['/a', ${Z}])`, '/a'],
  [`${HONO} const P = '/p/*'; app.use(P, ${Z})`, '/p'],
  [`const app = new Hono<{ Bindings: Bindings }>(); app.use('/p', ${Z})`, '/p'],
  [`const app = express(); app.use(${Z})`, '/'],
  [`app\n  .use('/a', ${Z})`, '/a'],
  [`app.use('/b', mw, ${Z}, handler)`, '/b'],
  [`router.use(${Z}); app.use('/api', router)`, '/api'],
  [`router.get('/x', ${Z}, show); app.use('/api', auth, router)`, '/api/x'],
  [`sub.use('/x/*', ${Z}); app.route('/s', sub)`, '/s/x'],
  [`inner.use(${Z}); outer.use('/in', inner); app.use('/out', outer)`, '/out/in'],
  [`router.use(${Z}); app.use('/a', router); app.use('/b', router)`, '/a', '/b'],
  [`const api = express(); api.use(${Z}); app.use('/api', api)`, '/api'],
  [`${KOA} const router = new Router({ prefix: '/p' }); router.use(${Z}); app.use(router.routes())`, '/p'],
  [`const app = require('fastify')({ logger: true }); app.register(cors, { origin: 'https://z.com' })`, '/'],
  [`app.register(import('@fastify/cors'), { origin: 'https://z.com' })`, '/'],
  ...['get', 'post', 'put', 'patch', 'delete', 'route'].map(
    (method) => [`@app.${method}("/x")\n@${FLASK_Z}`, '/x'] as const,
  ),
  [`@app.route(rule="/x")\n@${FLASK_Z}`, '/x'],
  [`X = "/x"\n@app.get(X)\n@login_required\n@${FLASK_Z}`, '/x'],
  [`@app.route("/x")\n@app.route("/y")\n@${FLASK_Z}`, '/x', '/y'],
  [`bp = Blueprint("b", __name__, url_prefix="/b")\n@bp.route("/x")\n@${FLASK_Z}`, '/b/x'],
  [`bp = Blueprint("b", __name__)\n@bp.route("/x")\n@${FLASK_Z}\napp.register_blueprint(bp)`, '/x'],
  ['CORS(bp, origins="https://z.com")\napp.register_blueprint(bp, url_prefix="/c")', '/c'],
  [
    'bp = Blueprint("b", __name__, url_prefix="/b")\nCORS(bp, origins="https://z.com")\napp.register_blueprint(bp, url_prefix="/c")',
    '/c',
  ],
  [
    'bp = Blueprint("b", __name__, url_prefix="/b")\nup = Blueprint("u", __name__, url_prefix="/u")\nup.register_blueprint(bp)\napp.register_blueprint(up)\nCORS(bp, origins="https://z.com")',
    '/u/b',
  ],
  [
    'bp = Blueprint("b", __name__, url_prefix="/b")\nCORS(bp, resources={r"/*": {"origins": "https://z.com"}})',
    '/b',
  ],
  ['import flask_cors\nflask_cors.CORS(app, origins="https://z.com")', '/'],
  ['ext = CORS(origins="https://z.com")\next.init_app(app)', '/'],
  ...[
    'export default app',
    'module.exports = app',
    'export { app }',
    'app.listen(3000)',
    'const server = app.listen(PORT, () => console.log(app.address()))',
    'http.createServer(app).listen(3000)',
    'const server = http.createServer(app); server.listen(3000)',
    "const port = app.get('port') || 3000; http.createServer(app).listen(port, () => console.log(port))",
    'https.createServer({ key, cert }, app).listen(443)',
    'Deno.serve({ port: 8000 }, app.fetch)',
    'serve({ fetch: app.fetch, port: 3000 })',
    'export default { port: 3000, fetch: app.fetch }',
    'export type AppType = typeof app',
    "app.get('/title', (request, response) => response.send(app.get('title')))",
    "app.route('/x').get(show).put(save)",
    'export const handler = handle(app)',
  ].map((use) => [`const app = express(); app.use(${Z}); ${use}`, '/'] as const),
  ...[
    'app.run()',
    'limiter = Limiter(remote_address, app=app, default_limits=["9/s"])',
    'db = SQLAlchemy(app)\nMigrate(app, db)',
    'db.init_app(app)',
    'app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1)',
    'app.config["NAME"] = "x"',
    '@app.get("/x")\n@login_required',
  ].map((use) => [`app = Flask(__name__)\nCORS(app, origins="https://z.com")\n${use}`, '/'] as const),
];

/** A source that lets in somebody somewhere, and what is refused of it; it opens nothing. */
const UNTOLD: readonly (readonly [source: string, ...refused: string[]])[] = [
  [`app.use(PREFIX, ${Z})`, 'COMPUTED PREFIX'],
  [`app.use(process.env.PREFIX, ${Z})`, 'COMPUTED process.env.PREFIX'],
  [`const layer = ${Z}; app.get(PATHS.orders, layer, list)`, 'COMPUTED PATHS.orders'],
  [`app.use(/^\\/a/, ${Z})`, 'PATH /^\\/a/'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a template
  ['app.use(`/v${1}`, cors())', 'COMPUTED `/v${1}`'],
  ["app.use('/a' + '/b', cors())", "COMPUTED '/a' + '/b'"],
  ['app.use(prefix(), cors())', 'COMPUTED prefix()'],
  ['app.use([PREFIX], cors())', 'COMPUTED PREFIX'],
  ['app.use(null, cors())', 'COMPUTED null'],
  ['app.use(...layers, cors())', 'COMPUTED ...layers'],
  ["let P = '/a'; P = '/b'; app.use(P, cors())", 'COMPUTED P'],
  ["const P = '/a'\n  + rest\napp.use(P, cors())", "COMPUTED '/a' + rest"],
  ["app.use('/a', '/b', cors())", "COMPUTED app.use('/a', '/b', cors())"],
  ["app.use('/a?b', cors())", "PATH '/a?b'"],
  ["app.get('/', cors(), index)", "PATH '/'"],
  [`${HONO} app.use('/', cors())`, "PATH '/'"],
  ['@app.get("/")\n@cross_origin()', 'PATH "/"'],
  ['CORS(app, resources=["/"])', 'PATH "/"'],
  [
    "const layer = cors(); const same = layer; app.route('/x').get(same)",
    "COMPUTED app.route('/x').get(same)",
  ],
  ['app.all(cors())', 'COMPUTED app.all(cors())'],
  ['router.use(cors())', 'COMPUTED router.use(cors())'],
  ['router.use(cors()); app.use(router)', 'COMPUTED router.use(cors())'],
  ['router.use(cors()); app.use(PREFIX, router)', 'COMPUTED router.use(cors())'],
  ["router.use(cors()); app.use(mount('/a', router))", 'COMPUTED router.use(cors())'],
  ["router.use(cors()); app.use(helmet()).use('/a', router)", 'COMPUTED router.use(cors())'],
  [`${KOA} router.get('orders', '/orders', cors())`, "COMPUTED router.get('orders', '/orders', cors())"],
  [`${KOA} app.use(mount('/x', cors()))`, "COMPUTED mount('/x', cors())"],
  [`${HONO} const app = new Hono()\n  .basePath('/v1')\napp.use(cors())`, 'COMPUTED app.use(cors())'],
  [`${HONO} const app = new Hono().basePath('/v1'); app.use('*', cors())`, "COMPUTED app.use('*', cors())"],
  [`${HONO} export default new Hono().use('*', cors())`, "COMPUTED new Hono().use('*', cors())"],
  ["app\n  .use('/a', cors())\n  .use(json())", "COMPUTED app .use('/a', cors()) .use(json())"],
  ["app.route('/x').get(cors(), show)", "COMPUTED app.route('/x').get(cors(), show)"],
  ['scope.register(cors, {})', 'COMPUTED scope.register(cors, {})'],
  ['@cross_origin()', 'COMPUTED cross_origin()'],
  ['@crossdomain(origin="*")', 'COMPUTED crossdomain(origin="*")'],
  ['@cross_origin()\n@app.route("/x")', 'NEVER_WORKED cross_origin()'],
  ['@app.errorhandler(404)\n@cross_origin()', 'COMPUTED cross_origin()'],
  ['@app.route(PREFIX)\n@cross_origin()', 'COMPUTED PREFIX'],
  ['@app.route(f"/{version}/x")\n@cross_origin()', 'COMPUTED f"/{version}/x"'],
  ['@bp.route("/x")\n@cross_origin()', 'COMPUTED bp.route("/x")'],
  ['bp = Blueprint("b", __name__, **more)\n@bp.get("/x")\n@cross_origin()', 'COMPUTED bp.get("/x")'],
  ['CORS(bp)', 'COMPUTED CORS(bp)'],
  ['CORS(app=bp)', 'COMPUTED CORS(app=bp)'],
  ['bp = Blueprint("b", __name__)\nCORS(bp)\napp.register_blueprint(bp)', 'COMPUTED CORS(bp)'],
  ['bp = Blueprint("b", __name__, url_prefix=PREFIX)\nCORS(bp)', 'COMPUTED CORS(bp)'],
  ['CORS(bp)\napp.register_blueprint(bp, url_prefix=PREFIX)', 'COMPUTED CORS(bp)'],
  ['bp = Blueprint("b", __name__, url_prefix="/b")\nCORS(bp, resources={r"/c/*": {}})', 'NEVER_WORKED /c'],
  ["app.use('/api/../x', cors())", "PATH '/api/../x'"],
  ["app.use('/a%2fb', cors())", "PATH '/a%2fb'"],
  ["app.use('/a//b', cors())", "PATH '/a//b'"],
  ["router.use('/b', cors()); app.use('/a//', router)", "PATH '/b'"],
  ["app.use('/a\\\\b', cors())", "PATH '/a\\\\b'"],
  [`${HONO} app.use('/API/*', cors())`, "PATH '/API/*'"],
  ['CORS(app, resources={r"/API/*": {}})', 'PATH r"/API/*"'],
  ['CORS(app, resources="/API")', 'PATH "/API"'],
  // The sign for kelvin, which is no k to Express.
  ["app.use('/\u212a', cors())", "PATH '/\u212a'"],
  ...[
    "app.use('/api', api.handle)",
    "app.mount('/api', api.fetch)",
    "app.all('/api/*', api)",
    "app.get('/api', api)",
    "const same = api; app.use('/api', same)",
    "const handler = api.callback(); app.use('/api', handler)",
    "const handler = handle(api); app.use('/api', handler)",
    "const mounts = ['/api', api]; app.use(...mounts)",
    "mountAll({ '/api': api })",
    "const mounts = { '/api': api }; mountAll(mounts)",
    "const mounts = {}; mounts['/api'] = api; mountAll(mounts)",
    'const parts = {}; parts.api = api; mountAll(parts)',
    "export default { '/api': api }",
    "app.all('/api/*', (c) => api.fetch(c.req.raw))",
    'http.createServer((request, response) => choose(request, api))',
    'http.createServer((request, response) => choose(request, api)).listen(3000)',
    "mountAll('/api', api)",
    "serve('/api', api)",
    'serve({ routes: { path: api } })',
    "api.x || app.use('/api', api)",
    "const handler = app.get('x') || api; app.use('/api', handler)",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a template
    'mountAll(`${api}`)',
  ].map((use) => [`const api = express(); api.use(cors()); ${use}`, 'COMPUTED api.use(cors())'] as const),
  [
    "const api = express(); const same = api; same.use(cors()); app.use('/api', api)",
    'COMPUTED same.use(cors())',
  ],
  ...[
    'root.wsgi_app = DispatcherMiddleware(root.wsgi_app, {"/v1": app.wsgi_app})',
    'app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/admin": admin.wsgi_app})',
    'application = DispatcherMiddleware(root, {"/v1": app})',
    'application = DispatcherMiddleware(app, mounts)',
    'run_simple("localhost", 5000, DispatcherMiddleware(app, {"/v1": other}))',
    'Mount("/v1", app)',
    'Limiter(app, ["/v1"])',
    'inner = WSGI(app)\nmount_all("/v1", inner)',
  ].map((use) => [`app = Flask(__name__)\nCORS(app)\n${use}`, 'COMPUTED CORS(app)'] as const),
  [
    'bp = Blueprint("b", __name__, url_prefix="/b")\nCORS(bp)\nregister_all("/v1", [bp])',
    'COMPUTED CORS(bp)',
  ],
];

/** A source, whom it lets in by path, and what is refused of it. */
const RIVALS: readonly (readonly [
  source: string,
  opens: Readonly<Record<string, readonly string[]>>,
  refused: readonly string[],
])[] = [
  [`app.options('/a', cors()); app.get('/a', ${Z}, show)`, { '/a': ['https://z.com'] }, ['PATH cors()']],
  [`app.get('/a', cors(), show); app.put('/a', ${Z}, put)`, { '/a': ['https://z.com'] }, ['PATH cors()']],
  [
    "app.use('/a', cors({ origin: 'https://b.com' })); app.use('/a', cors({ origin: 'https://c.com' }))",
    { '/a': [] },
    ["PATH cors({ origin: 'https://b.com' })", "PATH cors({ origin: 'https://c.com' })"],
  ],
  [
    `app.use(${Z}); app.use(cors({ origin: 'https://z.com', credentials: true }))`,
    { '/': ['https://z.com'] },
    ["PATH cors({ origin: 'https://z.com', credentials: true })"],
  ],
  [
    `app.use(['/a', '/b'], cors()); app.use('/b', ${Z})`,
    { '/a': ['https://z.com'], '/b': ['https://z.com'] },
    ['PATH cors()'],
  ],
  [`app.options('*', ${Z}); app.use(${Z})`, { '/': ['https://z.com'] }, []],
  ["app.options('/a', cors())", {}, ['NO_COUNTERPART cors()']],
];

describe('given where a layer is mounted', () => {
  it.each(TOLD)('is a policy for the paths that %j tells, and for no other', (source, ...paths) => {
    expect(opened(source)).toEqual({
      opens: Object.fromEntries(paths.map((path) => [path, ['https://z.com']])),
      refused: [],
    });
  });

  it.each(UNTOLD)(
    'opens nothing where %j does not tell the path, and refuses it by name',
    (source, ...refused) => {
      expect(opened(source)).toEqual({ opens: {}, refused });
    },
  );

  it.each(['router.use(cors())', 'CORS(bp)', '@cross_origin()'])(
    'takes the caller’s path where %s says none',
    (source) => {
      const { policies, refused } = convertConfiguration(source, { paths: ['/predict'] });
      expect(policies).toMatchObject([{ paths: ['/predict'] }]);
      expect(refused).toEqual([]);
    },
  );
});

describe('given several layers for one path', () => {
  it.each(RIVALS)('keeps the narrowest of %j, and nobody where none is', (source, opens, refused) => {
    expect(opened(source)).toEqual({ opens, refused });
  });
});

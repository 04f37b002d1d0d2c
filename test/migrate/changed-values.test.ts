import { describe, expect, it } from 'vitest';
import { opened } from './ours.js';

const LIST = "const list = ['https://a.com'];";
const OPTIONS = "const options = { origin: 'https://a.com' };";
const PYTHON_LIST = 'ORIGINS = ["https://a.com"]';
const PYTHON_OPTIONS = 'options = {"origins": "https://a.com"}';

/** What changes a value that a layer uses, so that it cannot be told any more. */
const CHANGED: readonly (readonly [source: string, refused: string])[] = [
  [`${LIST} list.push('https://b.com'); cors({ origin: list })`, 'COMPUTED list'],
  [`${LIST} app.use(cors({ origin: list })); list.push('https://b.com')`, 'COMPUTED list'],
  [`${LIST} list.push('https://b.com'); cors({ origin: [...list] })`, 'COMPUTED ...list'],
  [`${LIST} list[1] = 'https://b.com'; cors({ origin: list })`, 'COMPUTED list'],
  [`${LIST} const all = list; all.push('https://b.com'); cors({ origin: list })`, 'COMPUTED list'],
  [`${LIST} extend(list); cors({ origin: list })`, 'COMPUTED list'],
  [`${LIST} more.forEach((one) => list.push(one)); cors({ origin: list })`, 'COMPUTED list'],
  [`let list = ['https://a.com']; list = ['*']; cors({ origin: list })`, 'COMPUTED list'],
  [`let origin = 'https://a.com'; origin += '.eu'; cors({ origin })`, 'COMPUTED origin'],
  [`let origin = 'https://a.com'; prod && (origin = '*'); cors({ origin })`, 'COMPUTED origin'],
  [
    "const origin = list\n  .concat('https://a.com')\ncors({ origin })",
    "COMPUTED list .concat('https://a.com')",
  ],
  [
    `${OPTIONS} options.origin = ['https://b.com']; options.credentials = true; cors(options)`,
    'COMPUTED options',
  ],
  [`${OPTIONS} app.use(cors(options)); options.origin = '*'`, 'COMPUTED options'],
  [`${OPTIONS} options['origin'] = '*'; cors(options)`, 'COMPUTED options'],
  [`${OPTIONS} options[name] = '*'; cors(options)`, 'COMPUTED options'],
  [`${OPTIONS} delete options.origin; cors(options)`, 'COMPUTED options'],
  [`${OPTIONS} Object.assign(options, { origin: '*' }); cors(options)`, 'COMPUTED options'],
  [`${OPTIONS} const same = options; same.origin = '*'; cors(options)`, 'COMPUTED options'],
  [
    "const options = { origin: ['https://a.com'] }; options.origin.push('*'); cors(options)",
    'COMPUTED options',
  ],
  [`${OPTIONS} options.origin = '*'; app.register(cors, options)`, 'COMPUTED options'],
  [
    `import { cors } from 'hono/cors'; ${OPTIONS} options.origin = '*'; app.use(cors(options))`,
    'COMPUTED options',
  ],
  [
    `import cors from '@koa/cors'; ${OPTIONS} options.origin = '*'; app.use(cors(options))`,
    'COMPUTED options',
  ],
  [`${OPTIONS} options.origin = '*'; app.enableCors(options)`, 'COMPUTED options'],
  [`${PYTHON_LIST}\nORIGINS += ["https://b.com"]\nCORS(app, origins=ORIGINS)`, 'COMPUTED ORIGINS'],
  [`${PYTHON_LIST}\nORIGINS.append("https://b.com")\nCORS(app, origins=ORIGINS)`, 'COMPUTED ORIGINS'],
  [`${PYTHON_LIST}\nORIGINS.extend(MORE)\nCORS(app, origins=[*ORIGINS])`, 'COMPUTED *ORIGINS'],
  [`${PYTHON_LIST}\nORIGINS.append("*")\nCORS(app, resources=r"/*", origins=ORIGINS)`, 'COMPUTED ORIGINS'],
  [`${PYTHON_OPTIONS}\noptions["origins"] = "*"\nCORS(app, resources={"*": options})`, 'COMPUTED options'],
  ...['update', 'get', 'put', 'all', 'use', 'register', 'from_mapping'].map(
    (method) =>
      [`${LIST} helpers.${method}(list); app.use(cors({ origin: list }))`, 'COMPUTED list'] as const,
  ),
  [`${LIST} let app = express(); app = helpers; app.use(list); cors({ origin: list })`, 'COMPUTED list'],
  [`${PYTHON_LIST}\next.init_app(ORIGINS)\nCORS(app, origins=ORIGINS)`, 'COMPUTED ORIGINS'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a template
  ["let origin = 'https://a.com'; log(`${origin = '*'}`); cors({ origin })", 'COMPUTED origin'],
  [
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a template
    "let origin = 'https://a.com'; log(`a ${`b}` + '}' + (origin = '*')} c`); cors({ origin })",
    'COMPUTED origin',
  ],
  [`${LIST} log(\`\${list.push('*')}\`); cors({ origin: list })`, 'COMPUTED list'],
  [`${PYTHON_LIST}\nlog(f"{ORIGINS.append('*')}")\nCORS(app, origins=ORIGINS)`, 'COMPUTED ORIGINS'],
  [`ORIGIN = "https://a.com"\nlog(f"{(ORIGIN := '*')}")\nCORS(app, origins=ORIGIN)`, 'COMPUTED ORIGIN'],
  ['const allowed = ["https://a.com"]; allowed.push("*")', 'COMPUTED ["https://a.com"]'],
];

/** What may hold any option, so that those with an open default cannot be told. */
const UNKNOWN: readonly (readonly [source: string, refused: string])[] = [
  ['cors({ ...settings })', 'COMPUTED ...settings'],
  ["cors({ origin: 'https://a.com', ...settings })", 'COMPUTED ...settings'],
  ['cors(Object.assign({}, settings))', 'COMPUTED settings'],
  ['cors(settings())', 'COMPUTED settings()'],
  ['cors(...settings)', 'COMPUTED ...settings'],
  ["cors(options = { origin: 'https://a.com' })", "COMPUTED options = { origin: 'https://a.com' }"],
  ['app.enableCors({ ...settings })', 'COMPUTED ...settings'],
  ['app.register(cors, { ...settings })', 'COMPUTED ...settings'],
  ['app.register(cors, () => settings)', 'COMPUTED () => settings'],
  ["import { cors } from 'hono/cors'; app.use(cors(settings))", 'COMPUTED settings'],
  ["import cors from '@koa/cors'; app.use(cors(settings))", 'COMPUTED settings'],
  ['CORS(app, resources={"*": {**settings}})', 'COMPUTED **settings'],
  ['CORS(app, resources={"*": settings})', 'COMPUTED settings'],
  ['CORS(app, resources={"*": dict(settings)})', 'COMPUTED settings'],
  ['crossdomain(**settings)', 'COMPUTED **settings'],
  ['CORS(app)\napp.config["CORS_ORIGINS"] = "https://a.com"', 'COMPUTED CORS_ORIGINS "https://a.com"'],
  ['CORS_ORIGINS = ["https://a.com"]\nCORS(app)', 'COMPUTED CORS_ORIGINS'],
];

/** As above, for flask-cors, where the paths cannot be told either. */
const UNKNOWN_RESOURCES: readonly (readonly [source: string, refused: string])[] = [
  ['CORS(app, **settings)', 'COMPUTED **settings'],
  ['CORS(app, *settings)', 'COMPUTED *settings'],
  [`${PYTHON_OPTIONS}\noptions.update(more)\nCORS(app, **options)`, 'COMPUTED **options'],
  [`${PYTHON_OPTIONS}\ndel options["origins"]\nCORS(app, **options)`, 'COMPUTED **options'],
  [`${PYTHON_OPTIONS}\noptions |= {"origins": "*"}\nCORS(app, **options)`, 'COMPUTED **options'],
  ['app.config["CORS_ORIGINS"] = "*"\nCORS(app, **settings)', 'COMPUTED **settings'],
  ['app.config.from_object("settings")\nCORS(app)', 'COMPUTED app.config.from_object("settings")'],
  ['app.config.from_prefixed_env()\nCORS(app)', 'COMPUTED app.config.from_prefixed_env()'],
  ['app.config.update(**settings)\nCORS(app)', 'COMPUTED **settings'],
  ['app.config[NAME] = "https://a.com"\nCORS(app)', 'COMPUTED app.config[NAME] = "https://a.com"'],
  ['app.config |= settings\nCORS(app)', 'COMPUTED app.config |= settings'],
];

/** Values that can be told, however they are written. */
const CERTAIN: readonly string[] = [
  `${LIST} app.use(cors({ origin: [...list] }))`,
  `${LIST} const copy = [...list]; copy.push('*'); app.use(cors({ origin: list }))`,
  `const options = Object.freeze({ origin: 'https://a.com' }); app.use(cors(options))`,
  "const base = { maxAge: 5 }; app.use(cors(Object.assign({}, base, { origin: 'https://a.com' })))",
  `const config = { origin: 'https://a.com' }; app.use(cors({ origin: config.origin }))`,
  `const origin = 'https://a.com'; app.listen(PORT, () => console.log(origin)); app.use(cors({ origin }))`,
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a template
  "const origin = 'https://a.com'; console.log(`a=1 ${origin}`); app.use(cors({ origin }))",
  `${LIST} part.use(cors({ origin: list })); app.use('/', part)`,
  `${PYTHON_LIST}\nprint(f"for (now) {ORIGINS[0]:#>9}")\nCORS(app, origins="https://a.com")`,
  `const options = { origin: 'https://a.com' }; fastify.register(cors, options)`,
  'app.config.update(CORS_ORIGINS=["https://a.com"])\nCORS(app)',
  'app.config.update({"CORS_ORIGINS": ["https://a.com"], "SECRET_KEY": KEY})\nCORS(app)',
  'app.config.from_mapping(CORS_ORIGINS="https://a.com")\nCORS(app)',
  'app.config["CORS_ORIGINS"] = "https://a.com"\nCORS(app)',
  'BASE = dict(origins="https://a.com")\nCORS(app, **dict(BASE, max_age=5))',
];

/** Uses that are neither a layer by itself nor one that is mounted. */
const NOT_UNDERSTOOD: readonly (readonly [source: string, refused: string])[] = [
  ["app.use(require('cors')())", "COMPUTED require('cors')()"],
  ['app.use(isOpen ? cors() : other)', 'COMPUTED isOpen ? cors() : other'],
  ['const layer = isOpen ? cors() : other; app.use(layer)', 'COMPUTED isOpen ? cors() : other'],
  ['isOpen && app.use(cors())', 'COMPUTED isOpen && app.use(cors())'],
  ['app.use(unless(cors()))', 'COMPUTED unless(cors())'],
  ["app.on(['GET'], '/x', cors())", "COMPUTED app.on(['GET'], '/x', cors())"],
  ["app.addHook('onRequest', cors())", "COMPUTED app.addHook('onRequest', cors())"],
  ["app.get('/x', { preHandler: cors() }, show)", 'COMPUTED { preHandler: cors() }'],
  [
    'app.use((request, response, next) => cors()(request, response, next))',
    'COMPUTED (request, response, next) => cors()(request, response, next)',
  ],
  ["import cors from './cors'; app.use(cors())", 'COMPUTED cors()'],
  ['from mine import CORS\nCORS(app)', 'COMPUTED CORS(app)'],
  ['app.register(fp(cors), {})', 'COMPUTED app.register(fp(cors), {})'],
  ['app.after(() => app.register(cors, {}))', 'COMPUTED app.after(() => app.register(cors, {}))'],
  [
    'app.register(async (scope) => { scope.register(cors, {}) })',
    'COMPUTED app.register(async (scope) => { scope.register(cors, {}) })',
  ],
  ["import { cors } from 'hono/cors'; app.use('/api/*', every(cors()))", 'COMPUTED every(cors())'],
  ["import cors from '@koa/cors'; app.use(compose([cors()]))", 'COMPUTED compose([cors()])'],
  ['CORS().init_app(app)', 'COMPUTED CORS().init_app(app)'],
  ['cors.init_app(app)', 'COMPUTED cors.init_app(app)'],
  ['view = cross_origin()(view)', 'COMPUTED cross_origin()(view)'],
];

describe('given a value that the source changes somewhere', () => {
  it.each(CHANGED)('lets in nobody by what it was: %j', (source, refused) => {
    expect(opened(source)).toEqual({ opens: { '/': [] }, refused: [refused] });
  });
});

describe('given options that cannot be told', () => {
  it.each(UNKNOWN)('lets in nobody by a default: %j', (source, refused) => {
    expect(opened(source)).toEqual({ opens: { '/': [] }, refused: [refused] });
  });

  it.each(UNKNOWN_RESOURCES)(
    'lets in nobody anywhere where the paths are among them: %j',
    (source, refused) => {
      expect(opened(source)).toEqual({ opens: {}, refused: [refused] });
    },
  );

  it('keeps what is said behind them', () => {
    expect(opened("cors({ ...settings, origin: 'https://a.com' })")).toEqual({
      opens: { '/': ['https://a.com'] },
      refused: ['COMPUTED ...settings'],
    });
    expect(opened("cors(Object.assign({}, base, { origin: 'https://a.com' }))")).toEqual({
      opens: { '/': ['https://a.com'] },
      refused: ['COMPUTED base'],
    });
  });

  it('does not take a constant beside a call for a setting of the app', () => {
    expect(opened('CORS_SUPPORTS_CREDENTIALS = True\nCORS(app, origins="https://a.com")')).toEqual({
      opens: { '/': ['https://a.com'] },
      refused: ['COMPUTED CORS_SUPPORTS_CREDENTIALS'],
    });
  });
});

describe('given a value that nothing in the source changes', () => {
  it.each(CERTAIN)('takes it as it is: %j', (source) => {
    expect(opened(source)).toEqual({ opens: { '/': ['https://a.com'] }, refused: [] });
  });
});

describe('given a use of a library that is not understood', () => {
  it.each(NOT_UNDERSTOOD)('refuses it by name and opens nothing: %j', (source, refused) => {
    expect(opened(source)).toEqual({ opens: {}, refused: [refused] });
  });
});

/**
 * Names under which tunnels show a developer's machine to the web. Most are drawn anew for each run and go to the next who asks.
 * Collected in 2026-11 from the providers' documentation and from the private section of the public suffix list. It cannot be
 * complete: a name too many is a warning, a name that is missing is judged like any other host.
 */
export const TUNNEL_HOSTS: ReadonlySet<string> = new Set([
  // ngrok
  'ngrok-free.app',
  'ngrok-free.dev',
  'ngrok.app',
  'ngrok.dev',
  'ngrok.io',
  'ngrok.pizza',
  'ngrok.pro',
  // Cloudflare quick and named tunnels
  'cfargotunnel.com',
  'trycloudflare.com',
  // Tailscale Funnel
  'ts.net',
  // Microsoft dev tunnels; GitHub Codespaces, whose ports are at app.github.dev; Gitpod
  'devtunnels.ms',
  'github.dev',
  'githubpreview.dev',
  'gitpod.io',
  'tunnels.api.visualstudio.com',
  // localtunnel
  'loca.lt',
  'localtunnel.me',
  // localhost.run
  'lhr.life',
  'lhr.rocks',
  'lhrtunnel.link',
  'localhost.run',
  // Serveo
  'serveo.net',
  'serveousercontent.com',
  // Pinggy
  'pinggy-free.link',
  'pinggy.io',
  'pinggy.link',
  'pinggy.online',
  // Others
  'bore.pub',
  'expose.dev',
  'gradio.live',
  'instatunnel.my',
  'jprq.live',
  'localto.net',
  'localtonet.com',
  'loclx.io',
  'opentunnel.xyz',
  'packetriot.net',
  'pagekite.me',
  'ply.gg',
  'pktriot.net',
  'playit.plus',
  'sharedwithexpose.com',
  'srv.us',
  'telebit.app',
  'telebit.cloud',
  'telebit.io',
  'telebit.xyz',
  'tunnelmole.net',
  'tunnelto.dev',
  'zrok.io',
]);

// What a page can try whose platform forbids it nothing. A way answers with what came back; one that is refused
// throws, or never answers.

const PATIENCE = 2500;

/// The answers of those ways that had one, by name.
async function every(ways, ...given) {
  const patience = ways === places ? 3 * PATIENCE : PATIENCE;
  const nothing = () => new Promise((done) => setTimeout(done, patience, null));
  const tried = Object.entries(ways).map(async ([name, way]) => {
    const answered = Promise.resolve().then(() => way(...given));
    return [name, await Promise.race([answered.catch(() => null), nothing()])];
  });
  const answers = (await Promise.all(tried)).filter(([, answer]) => answer !== null);
  return Object.fromEntries(answers.map(([name, answer]) => [name, typeof answer === 'object' ? answer : String(answer)]));
}

const text = (answer) => answer.text().then((body) => `${answer.status} ${body.slice(0, 200)}`);

/// Ways that need no document.
const plain = {
  fetch: (url) => fetch(url).then(text),
  'fetch with a body': (url) => fetch(url, { method: 'POST', body: '{}' }).then(text),
  XMLHttpRequest: (url) =>
    new Promise((yes, no) => {
      const request = new XMLHttpRequest();
      request.onload = () => yes(`${request.status} ${request.responseText.slice(0, 200)}`);
      request.onerror = no;
      request.open('GET', url);
      request.send();
    }),
  'XMLHttpRequest that waits': (url) => {
    const request = new XMLHttpRequest();
    request.open('POST', url, false);
    request.send('{}');
    return `${request.status} ${request.responseText.slice(0, 200)}`;
  },
  WebSocket: (url) =>
    new Promise((yes, no) => {
      const socket = new WebSocket(url.replace(/^http/, 'ws'));
      socket.onopen = () => yes('open');
      socket.onerror = no;
    }),
  EventSource: (url) =>
    new Promise((yes, no) => {
      const source = new EventSource(url);
      source.onopen = () => yes('open');
      source.onerror = (event) => (source.close(), no(event));
    }),
  import: (url) => import(url).then(() => 'imported'),
};

/// Ways that answer to nobody; whether they went out is seen where they arrive.
const unheard = {
  'fetch that nobody reads': (url) => fetch(url, { mode: 'no-cors' }),
  'POST that nobody reads': (url) => fetch(url, { method: 'POST', mode: 'no-cors', body: '{}', keepalive: true }),
  beacon: (url) => navigator.sendBeacon(url, '{}'),
  'style that imports': (url) => {
    document.head.append(Object.assign(document.createElement('style'), { textContent: `@import "${url}"` }));
  },
};

/// An element with these attributes, which answers when it is loaded.
function element(tag, attributes) {
  const made = document.createElement(tag);
  return new Promise((yes, no) => {
    made.onload = made.onloadeddata = () => yes(made);
    made.onerror = no;
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    (['link', 'script'].includes(tag) ? document.head : document.body).append(made);
  });
}

/// A frame that has loaded a page of somebody else's cannot be looked into.
async function frame(tag, attributes) {
  const made = await element(tag, attributes);
  try {
    if (made.contentWindow?.location.href !== undefined || made.contentWindow === null) throw 'nothing is there';
  } catch (error) {
    if (error?.name === 'SecurityError') return 'a page';
    throw error;
  }
  throw 'nothing is there';
}

const inDocument = {
  image: (url) => element('img', { src: url }).then(() => 'drawn'),
  script: (url) => element('script', { src: url }).then(() => 'run'),
  stylesheet: (url) => element('link', { rel: 'stylesheet', href: url }).then(() => 'applied'),
  prefetch: (url) => element('link', { rel: 'prefetch', href: url }).then(() => 'fetched'),
  preload: (url) => element('link', { rel: 'preload', as: 'script', href: url }).then(() => 'fetched'),
  video: (url) => element('video', { src: url }).then(() => 'played'),
};

const framed = {
  iframe: (url) => frame('iframe', { src: url }),
  'iframe without origin': (url) => frame('iframe', { src: url, sandbox: 'allow-scripts' }),
  object: (url) => frame('object', { data: url }),
  embed: (url) => element('embed', { src: url, type: 'text/html' }).then(() => 'embedded'),
};

/// Where the plain ways are tried from: elsewhere another origin, another policy, another thread is asked about.
const within = (url) => `importScripts('${location.origin}/bare.js'); every(plain, '${url}').then(postMessage)`;
const page = (url) =>
  `<script src="${location.origin}/bare.js"></script>
   <script>every({ ...plain, ...inDocument }, '${url}').then((answers) => parent.postMessage(['${url}', name, answers], '*'))</script>`;

function worker(address) {
  return new Promise((yes, no) => {
    const made = new Worker(address);
    made.onmessage = (event) => (made.terminate(), yes(event.data));
    made.onerror = (event) => no(event.message);
  });
}

function child(url, name, attributes) {
  return new Promise((yes) => {
    addEventListener('message', ({ data }) => data[0] === url && data[1] === name && yes(data[2]));
    element('iframe', { name, ...attributes });
  });
}

const places = {
  'worker from a blob': (url) => worker(URL.createObjectURL(new Blob([within(url)], { type: 'text/javascript' }))),
  'worker from data': (url) => worker(`data:text/javascript,${encodeURIComponent(within(url))}`),
  'worker in a worker': (url) => {
    const inner = `onmessage = null; const made = new Worker('data:text/javascript,' + ${JSON.stringify(encodeURIComponent(within(url)))});
      made.onmessage = (event) => postMessage(event.data);`;
    return worker(URL.createObjectURL(new Blob([inner], { type: 'text/javascript' })));
  },
  'own frame': (url) => child(url, 'own', { srcdoc: page(url) }),
  'frame without origin': (url) => child(url, 'none', { srcdoc: page(url), sandbox: 'allow-scripts' }),
  'frame from data': (url) => child(url, 'data', { src: `data:text/html,${encodeURIComponent(page(url))}` }),
};

/// What any way from any place answers to these addresses. Each place itself must work: it answers `{}` at least.
async function reach(ways, urls) {
  const found = {};
  await Promise.all(
    urls.map(async (url) => {
      const [here, elsewhere] = [await every(ways, url), await every(places, url)];
      found[url] = { here, ...elsewhere };
    }),
  );
  return found;
}

/// The key that the app's own script puts on every message, overheard as any page can.
async function overheard() {
  const [stringify, fetched] = [JSON.stringify, window.fetch];
  let key = null;
  JSON.stringify = (value, ...rest) => {
    key ??= value?.__TAURI_INVOKE_KEY__ ?? null;
    return stringify(value, ...rest);
  };
  window.fetch = (url, options) => {
    key ??= options?.headers?.get?.('Tauri-Invoke-Key') ?? null;
    return fetched(url, options);
  };
  await window.__TAURI_INTERNALS__.invoke('get_app_state').catch(() => null);
  [JSON.stringify, window.fetch] = [stringify, fetched];
  return key;
}

/// Past the app's own script: the toolkit's own handler, with all that belongs to a message.
function posted(from, key, cmd, payload, headers = {}) {
  return new Promise((yes, no) => {
    const [callback, error] = [yes, no].map((then) => window.__TAURI_INTERNALS__.transformCallback(then, true));
    const message = { cmd, callback, error, payload, options: { headers }, __TAURI_INVOKE_KEY__: key };
    from.webkit.messageHandlers.ipc.postMessage(JSON.stringify(message));
  });
}

function sent(key, cmd, payload) {
  const headers = { 'Content-Type': 'application/json', 'Tauri-Callback': '1', 'Tauri-Error': '2', 'Tauri-Invoke-Key': key };
  return fetch(`ipc://localhost/${encodeURIComponent(cmd)}`, { method: 'POST', headers, body: JSON.stringify(payload) }).then(text);
}

/// What becomes of each command by each way, as `[way, 'answered' | 'refused', …]`; of a way without a word nothing.
async function call(key, commands, payload) {
  const inner = await element('iframe', { srcdoc: '<p>' });
  const ways = {
    invoke: (cmd) => window.__TAURI_INTERNALS__.invoke(cmd, payload),
    message: (cmd) => posted(window, key, cmd, payload),
    'message from a frame': (cmd) => posted(inner.contentWindow, key, cmd, payload),
    protocol: (cmd) => sent(key, cmd, payload),
  };
  const silence = () => new Promise((done) => setTimeout(done, PATIENCE, 'silence'));
  const outcome = (way, cmd) =>
    ways[way](cmd).then(
      (answer) => ['answered', JSON.stringify(answer ?? null)],
      (error) => ['refused', String(error?.message ?? error)],
    );
  const all = commands.flatMap((cmd) => Object.keys(ways).map(async (way) => [cmd, way, await Promise.race([outcome(way, cmd), silence()])]));
  return (await Promise.all(all)).map(([cmd, way, became]) => [cmd, way, ...[became].flat()]);
}

/// Messages that belong to nobody.
function forge(key) {
  const handler = window.webkit.messageHandlers.ipc;
  const whole = { cmd: 'exit_impersonation', callback: 1, error: 2, payload: {}, options: {} };
  const odd = [
    whole,
    { ...whole, __TAURI_INVOKE_KEY__: 'guessed' },
    { ...whole, __TAURI_INVOKE_KEY__: key, callback: -1 },
    { ...whole, __TAURI_INVOKE_KEY__: key, payload: { toString: 1, __proto__: null } },
    { ...whole, __TAURI_INVOKE_KEY__: key, options: { headers: { origin: 'tauri://localhost', 'a\nb': 'c' } } },
    { ...whole, __TAURI_INVOKE_KEY__: key, options: { headers: { Origin: 'tauri://localhost' } } },
    { ...whole, __TAURI_INVOKE_KEY__: key, cmd: 'exit_impersonation'.repeat(10_000) },
    { ...whole, __TAURI_INVOKE_KEY__: key, cmd: '' },
    { ...whole, __TAURI_INVOKE_KEY__: key, cmd: 'plugin:' },
  ];
  for (const message of [...odd.map((one) => JSON.stringify(one)), whole, '', 'null', '[]', '{', null, undefined, 7]) {
    for (const post of [(it) => handler.postMessage(it), (it) => window.ipc.postMessage(it)]) {
      try { post(message); } catch { /* refused at once */ }
    }
  }
}

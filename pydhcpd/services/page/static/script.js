/**
 * The status page: asks `api/` for what the prompt's `json` has, and shows it.
 *
 * A view is a template of index.html, filled by the function of its name in VIEWS. What the address says behind the # is the
 * view and what is sought in it, so that a link, the browser's back and a reload all lead to the same. Whatever a client sent
 * becomes text by textContent and attributes alone, never markup.
 */

const REFRESH = 5000; // milliseconds between looks at what changes
const SELDOM = 60000; // milliseconds between looks at what is dear, or hardly changes
const PATIENCE = 15000; // milliseconds that an answer may take
const TYPING = 250; // milliseconds after a key until the search begins
const PAGE = 100; // leases
const FEW_POOLS = 30;
const KEPT_EVENTS = 500;
const DRAW_EVENTS = 300; // milliseconds between looks at what events have come
const TIGHT = 0.9; // of a pool, from which on it is told in words
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
const SKEWED = 30; // seconds between the two clocks, from which on it is told

// --- elements

/** An element with attributes and children; texts among these stay texts. What is null or empty is left out. */
function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => !isNothing(child)).map((child) => (child.nodeType ? child : visible(child))));
  return made;
}

/** A text, with what cannot be seen written as the prompt does: it could make two names look the same, or turn a line round. */
function visible(text) {
  return String(text).replace(INVISIBLE, (one) => escaped(one.codePointAt(0)));
}

function escaped(character) {
  const isByte = character >= 0xdc80 && character <= 0xdcff; // of what was not UTF-8 (Python's PEP 383)
  const [letter, number, digits] = isByte ? ["x", character - 0xdc00, 2] : character < 0x80 ? ["x", character, 2]
    : character <= 0xffff ? ["u", character, 4] : ["U", character, 8];
  return `\\${letter}${number.toString(16).padStart(digits, "0")}`;
}

/** The elements of a template that are to be filled, by the name in their data-slot. */
function slotsOf(root) {
  return Object.fromEntries([...root.querySelectorAll("[data-slot]")].map((one) => [one.dataset.slot, one]));
}

/** Say something in an element, only where it is something else than before: it may be read aloud. */
function say(place, words) {
  const shown = visible(words);
  if (place.textContent !== shown) place.textContent = shown;
}

/** The same for an element that is there only while there is something to say. */
function sayIfAny(place, words) {
  say(place, words);
  place.hidden = !words;
}

/** Have one child for each row. A row that is as before keeps its child, and so the focus and what somebody has selected. */
function fill(parent, rows, build) {
  const before = new Map([...parent.children].map((child) => [child.row, child]));
  const children = rows.map((row) => {
    const key = JSON.stringify(row);
    const child = before.get(key) ?? Object.assign(build(row), { row: key });
    before.delete(key);
    return child;
  });
  const wanted = new Set(children);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  children.forEach((child, place) => {
    if (parent.children[place] !== child) parent.insertBefore(child, parent.children[place] ?? null);
  });
}

/** A row of a table. A cell is [what its column is called, its content, its class]; narrow screens show the first beside it. */
function tableRow(...cells) {
  return make("tr", {}, ...cells.map(([label, content, kind = null]) =>
    make("td", { "data-label": label, class: kind }, ...(isNothing(content) ? [nothing()] : [content].flat()))));
}

const isNothing = (content) => content === "" || content === null;
const nothing = () => make("span", { class: "nothing" }, "–");

/** An entry of a <dl>: what it is, and what it says. */
function entry(what, ...said) {
  return make("div", {}, make("dt", {}, what), ...said.map((one) => make("dd", {}, ...[one].flat())));
}

const note = (words) => (words ? make("small", {}, words) : "");
const code = (words) => (words ? make("code", {}, words) : "");

/** The address of a view, with what is sought in it. */
function addressOf(path, query = {}) {
  const words = new URLSearchParams(withoutNothing(query)).toString();
  return `#/${path}${words && `?${words}`}`;
}

const withoutNothing = (query) => Object.entries(query).filter(([, value]) => value || value === 0);
const clientAddress = (who, query) => addressOf(`client/${encodeURIComponent(who)}`, query);
const clientLink = (who) => (who ? make("a", { href: clientAddress(who) }, code(who)) : "");

/** The name that a client has, and what it sent where that is another. */
function nameOf({ name, sent_name: sent }) {
  return sent && sent !== name ? [name, note(` sent ${sent}`)] : name;
}

// --- numbers and times

const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const FULL_TIME = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "long" });
const FORMS = { clock: clockTime, distance };

const count = (number) => NUMBER.format(number);
const several = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;
const percent = (share) => `${Math.floor(share * 100)} %`;
const two = (number) => String(number).padStart(2, "0");

let ahead = 0; // seconds that the server's clock is ahead of this one's; what ends in a minute does so by the server's

const clientNow = () => Date.now() / 1000;

/** A length of time in the two largest units that matter, as the prompt says it. */
function duration(seconds) {
  const [minutes, hours, days] = [60, 3600, 86400].map((unit) => Math.floor(seconds / unit));
  if (!minutes) return `${Math.floor(seconds)}s`;
  if (!hours) return `${minutes}m`;
  if (!days) return `${hours}h${two(minutes % 60)}m`;
  return `${days}d${two(hours % 24)}h`;
}

function distance(seconds) {
  const far = seconds - clientNow() - ahead;
  return far > 0 ? `in ${duration(far)}` : `${duration(-far)} ago`;
}

/** The time of the day, with the date where it is not today's. */
function clockTime(seconds) {
  const at = new Date(seconds * 1000);
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  const isToday = at.toDateString() === new Date().toDateString();
  return isToday ? time : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}

/** An instant, in full where the mouse rests on it; how it is shown goes on with the time. */
function timeOf(seconds, form = "clock") {
  const at = new Date(seconds * 1000);
  if (Number.isNaN(at.getTime())) return String(seconds);
  return make("time", { datetime: at.toISOString(), title: FULL_TIME.format(at), "data-seconds": seconds, "data-form": form },
    FORMS[form](seconds));
}

function moveTimes() {
  for (const one of document.querySelectorAll("time[data-form]")) {
    say(one, FORMS[one.dataset.form](Number(one.dataset.seconds)));
  }
}

// --- the server

const page = slotsOf(document);

/** That there is no answer, or that the server refuses one, in words. */
class Refused extends Error {}

/** What the server answers to a question. Raises Refused. */
async function ask(what, query = {}) {
  const { isGood, answer } = await fetched(`api/${what}?${new URLSearchParams(withoutNothing(query))}`);
  if (!isGood) throw new Refused(answer.error);
  ahead = answer.time - clientNow();
  connection.heard();
  return answer;
}

async function fetched(address) {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(PATIENCE) });
    return { isGood: response.ok, answer: await response.json() };
  } catch {
    connection.lost();
    throw new Refused("No answer from the server.");
  }
}

/** Do what asks the server; what it refuses is said in a place. */
async function telling(place, task) {
  try {
    await task();
    place.classList.remove("refused");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    place.classList.add("refused");
    sayIfAny(place, error.message);
  }
}

/** Whether the server answers, and since when it does not. */
const connection = {
  last: null, // seconds of the epoch
  heard() {
    this.last = clientNow();
    this.show("");
  },
  lost(why = "") {
    const since = this.last === null ? "yet" : `since ${clockTime(this.last)}`;
    const goesOn = "What is shown is of then; it is asked again every few seconds.";
    this.show(`No answer from the server ${since}${why && ` (${why})`}. ${goesOn}`);
  },
  show(trouble) {
    say(page.link, trouble ? "No answer" : "Connected");
    page.link.classList.toggle("lost", Boolean(trouble));
    sayIfAny(page.outage, trouble);
  },
};

/** Do something now, and again and again until a view is left; while nobody can see it, it waits. */
function repeat(life, task, pause = REFRESH) {
  let timer = 0;
  const run = async () => {
    clearTimeout(timer);
    if (!document.hidden) await task();
    clearTimeout(timer);
    if (!life.aborted) timer = setTimeout(run, pause);
  };
  document.addEventListener("visibilitychange", run, { signal: life });
  life.addEventListener("abort", () => clearTimeout(timer));
  run();
}

/** Call something with what is typed into a form, a moment after it was. Returns the field. */
function whenTyped(form, life, use) {
  let timer = 0;
  const field = form.querySelector("input");
  const now = () => {
    clearTimeout(timer);
    use(field.value.trim());
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(now, TYPING);
  };
  form.addEventListener("submit", (event) => { event.preventDefault(); now(); }, { signal: life });
  field.addEventListener("input", soon, { signal: life });
  life.addEventListener("abort", () => clearTimeout(timer));
  return field;
}

/** Put into a field what the address says, unless somebody is typing there. */
function show(field, words) {
  if (document.activeElement !== field) field.value = words;
}

// --- the overview, and the alarms, of which every view tells

const RATE = /^(.*) a second, in the last minute$/;
const DELAY = /^milliseconds: (.*), (50 % within|99 % within|the longest)$/;

let alarms = [];

async function lookForAlarms() {
  try {
    alarms = (await ask("alarms")).rows;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    connection.lost(error.message);
  }
  sayIfAny(page.badge, alarms.length ? several(alarms.length, "alarm") : "");
  shown.view.alarmed?.();
  showTitle();
}

function overview(root, life) {
  const slots = slotsOf(root);
  const of = { pools: [], where: {}, rates: [], most: FEW_POOLS };

  slots["more-pools"].addEventListener("click", () => {
    of.most = Infinity;
    showPools(slots, of);
    slots.pools.children[FEW_POOLS].querySelector("a").focus();
  });
  const parts = [lookAtPools, lookAtStatistics, lookAtServices, lookAtClasses];
  repeat(life, () => Promise.all(parts.map((look) => look(slots, of))));
  return {
    title: () => "Overview",
    show() { this.alarmed(); },
    alarmed() {
      fill(slots.alarms, alarms, alarmRow);
      slots.well.hidden = alarms.length > 0;
    },
  };
}

function alarmRow({ since, kind, text }) {
  const what = kind[0].toUpperCase() + kind.slice(1);
  const when = make("span", { class: "since" }, "since ", timeOf(since));
  return make("li", {}, make("strong", {}, what), make("span", {}, text), when);
}

async function lookAtPools(slots, of) {
  await telling(slots["no-pools"], async () => {
    const [pools, networks] = await Promise.all([ask("pools"), ask("networks")]);
    of.pools = pools.rows;
    of.where = Object.fromEntries(networks.rows.map((row) => [row.network, whereOf(row)]));
    const none = "No pool is served: no interface that is named has an address of a network with one.";
    sayIfAny(slots["no-pools"], pools.more ? "There are more pools; these are the fullest." : pools.rows.length ? "" : none);
    showPools(slots, of);
    showFigures(slots, of);
  });
}

function whereOf({ where, shared_network: shared }) {
  return [where.startsWith("through") ? where : `on ${where}`, shared && `of ${shared}`].filter(Boolean).join(", ");
}

function showPools(slots, { pools, where, most }) {
  slots["pools-box"].hidden = !pools.length;
  fill(slots.pools, pools.slice(0, most).map((pool) => ({ ...pool, where: where[pool.network] ?? "" })), poolRow);
  sayIfAny(slots["more-pools"], pools.length > most ? `Show all ${count(pools.length)} pools` : "");
}

function poolRow(pool) {
  const { network, ranges, where, leased, offered, quarantined, free, reserved } = pool;
  const about = ranges === network ? where : `${network} ${where}`;
  return tableRow(
    ["pool", [make("a", { href: addressOf("leases", { q: network }) }, ranges), note(about)], "what"],
    ["use", [poolBar(pool), useWords(pool)], "use"],
    ["leased", count(leased), "number pair"],
    ["offered", count(offered), "number pair"],
    ["quarantined", count(quarantined), "number pair"],
    ["free", count(free), "number pair"],
    ["reserved", count(reserved), "number pair"],
  );
}

/** How full a pool is; that it is so, or nearly, is told by words as well as by colour. */
function useWords({ size, free }) {
  const share = size ? (size - free) / size : 1;
  const words = share < TIGHT ? "" : free ? " nearly full" : " full";
  return make("span", { class: words ? "share tight" : "share" }, percent(share), words);
}

function poolBar({ size, free, leased, offered, quarantined, ranges }) {
  const told = `${count(leased)} leased, ${count(offered)} offered, ${count(quarantined)} quarantined, ${count(free)} free`;
  const bar = make("div", { class: "bar", role: "meter", "aria-label": `use of ${ranges}`, "aria-valuemin": 0,
    "aria-valuemax": size || 1, "aria-valuenow": size ? size - free : 1, "aria-valuetext": told, title: told });
  for (const [kind, number] of Object.entries({ leased, offered, quarantined })) {
    if (number) bar.append(barPart(kind, number / (size || 1)));
  }
  return bar;
}

function barPart(kind, share) {
  const part = make("i", { class: kind });
  part.style.width = `${share * 100}%`;
  return part;
}

function showFigures(slots, { pools, rates }) {
  const sum = (name) => pools.reduce((all, pool) => all + pool[name], 0);
  fill(slots.figures, [["addresses leased", sum("leased")], ["addresses free", sum("free")], ...rates], ([what, number]) =>
    entry(what, count(number)));
}

async function lookAtStatistics(slots, of) {
  await telling(slots["no-delays"], async () => {
    const { rows } = await ask("statistics");
    of.rates = matching(rows, RATE).map(([, what, number]) => [`${what} a second`, number]);
    showFigures(slots, of);
    showDelays(slots, matching(rows, DELAY));
    const counted = rows.filter(({ name, count: number }) => number && !RATE.test(name) && !DELAY.test(name));
    fill(slots.counts, counted, ({ name, count: number }) => entry(name, count(number)));
  });
}

/** What was counted under names of a form: what the form finds in the name, with the number behind it. */
function matching(rows, form) {
  return rows.filter(({ name }) => form.test(name)).map(({ name, count: number }) => [...form.exec(name), number]);
}

/** Delays as a table: a row for what is delayed, a column for each part of it. */
function showDelays(slots, found) {
  const columns = [...new Set(found.map(([, , part]) => part))];
  const rows = [...new Set(found.map(([, what]) => what))];
  const number = (what, part) => found.find((one) => one[1] === what && one[2] === part)?.[3] ?? null;
  fill(slots["delays-head"], columns.length ? [columns] : [], delaysHead);
  fill(slots.delays, rows.map((what) => [what, ...columns.map((part) => number(what, part))]), delayRow);
  sayIfAny(slots["no-delays"], rows.length ? "" : "None were measured yet.");
}

const delaysHead = (columns) => make("tr", {}, make("td"),
  ...columns.map((one) => make("th", { scope: "col", class: "number" }, one)));

const delayRow = ([what, ...numbers]) => make("tr", {}, make("th", { scope: "row" }, what),
  ...numbers.map((one) => make("td", { class: "number" }, one === null ? nothing() : one.toFixed(2))));

async function lookAtServices(slots) {
  await telling(slots["no-services"], async () => {
    const { rows } = await ask("services");
    fill(slots.services, rows, serviceEntry);
    sayIfAny(slots["no-services"], rows.length ? "" : "Nothing runs beside DHCP.");
  });
}

/** A service, and how it fares; one that does not run is marked. */
function serviceEntry({ name, state, runs, waiting, dropped, failures }) {
  const [first, ...more] = state.split("; ");
  const counted = [[waiting, "waiting"], [dropped, "dropped"], [failures, "failures"]].filter(([number]) => number);
  const numbers = counted.map(([number, what]) => `${count(number)} ${what}`).join(", ");
  const made = entry(name, make("span", { class: "state" }, first), ...[...more, numbers].filter(Boolean).map(note));
  made.classList.toggle("bad", !runs);
  return made;
}

async function lookAtClasses(slots) {
  await telling(slots["no-classes"], async () => {
    const { rows } = await ask("classes");
    slots["classes-part"].hidden = !rows.length;
    fill(slots.classes, rows, classEntry);
    sayIfAny(slots["no-classes"], "");
  });
}

function classEntry({ name, condition, limit, per, leases }) {
  const most = limit === null ? "" : `${several(leases, "lease")}, limit ${count(limit)}`;
  const counted = most ? `${most}${per && ` for each ${per}`}` : "no limit";
  return entry(name, counted, note(condition));
}

// --- leases

const COLUMNS = [
  ["address", "address"],
  ["hardware address", "hardware_address"],
  ["name", "name"],
  ["ends", "expires"],
  ["last heard", "last_used"],
  ["state", "state"],
  ["network, port", null],
];

function leases(root, life) {
  const slots = slotsOf(root);
  const of = { sought: null, counted: null };
  const field = whenTyped(slots.form, life, (q) => replaceAddress("leases", { ...kept(of.sought), q }));

  slots.head.append(...COLUMNS.map(([label]) => make("th", { scope: "col" }, make("a", {}, label))));
  repeat(life, () => of.sought && lookAtLeases(slots, of));
  repeat(life, () => of.sought && countLeases(slots, of), SELDOM);
  return {
    title: () => (of.sought.q ? `Leases: ${of.sought.q}` : "Leases"),
    field,
    show({ query }) {
      of.sought = { q: "", sort: "address", order: "ascending", after: "", at: 0, ...query };
      show(field, of.sought.q);
      if (slots.box.getBoundingClientRect().top < 0) slots.found.scrollIntoView();
      showHead(slots.head, of.sought);
      lookAtLeases(slots, of);
    },
  };
}

/** What stays sought when one goes to the first page. */
const kept = ({ q, sort, order }) => ({ q, sort: sort === "address" ? "" : sort, order: order === "ascending" ? "" : order });

/** The links of the head sort by their columns; that by which it is sorted turns the order round. */
function showHead(head, sought) {
  for (const [place, [, sort]] of COLUMNS.entries()) {
    const cell = head.children[place];
    const isSorted = sort === sought.sort;
    const order = isSorted && sought.order === "ascending" ? "descending" : "ascending";
    if (isSorted) cell.setAttribute("aria-sort", sought.order);
    else cell.removeAttribute("aria-sort");
    if (sort) cell.firstChild.href = addressOf("leases", kept({ ...sought, sort, order }));
  }
}

async function lookAtLeases(slots, of) {
  const { sought } = of;
  const { q, sort, order, after } = sought;
  await telling(slots.trouble, async () => {
    const answer = await ask("leases", { q, sort, order, after, limit: PAGE });
    if (of.sought !== sought) return; // another page is wanted by now
    fill(slots.rows, answer.rows, leaseRow);
    showPager(slots.pager, sought, answer);
    if (of.counted !== q) countLeases(slots, of);
    slots.box.hidden = !answer.rows.length;
    sayIfAny(slots.none, answer.rows.length ? "" : noLease(q));
    sayIfAny(slots.trouble, "");
  });
}

function noLease(q) {
  const help = "A part of a name or of a hardware address is enough; each word narrows it down.";
  return q ? `No lease has all of “${q}”. ${help}` : "There is no lease yet.";
}

async function countLeases(slots, of) {
  const { q } = of.sought;
  if (of.counted !== q) say(slots.found, "Counting …");
  of.counted = q;
  await telling(slots.found, async () => {
    const { count: total } = await ask("leases/count", { q });
    if (of.counted === q) say(slots.found, q ? `${several(total, "lease")} found` : several(total, "lease"));
  });
  if (slots.found.classList.contains("refused")) of.counted = null; // with the next page that is there, it is counted again
}

function leaseRow(row) {
  return tableRow(
    ["address", clientLink(row.address), "what"],
    ["hardware address", code(row.hardware_address || row.client_identifier), "bare last"],
    ["name", nameOf(row), "name bare"],
    ["ends", row.expires === null ? "never" : timeOf(row.expires, "distance"), "pair"],
    ["last heard", timeOf(row.last_used, "distance"), "pair"],
    ["state", make("span", { class: row.state === "bound" ? "state" : "state odd" }, row.state), "pair"],
    ["network, port", [row.network, note(row.relay)], "bare last"],
  );
}

/** Links to the pages before and behind this one, and which rows it has, as far as that is known. */
function showPager(pager, sought, { rows, next, previous }) {
  const parts = slotsOf(pager);
  const at = previous ? Number(sought.at) : 0;
  turn(parts.first, previous && addressOf("leases", kept(sought)));
  turn(parts.previous, previous && addressOf("leases", { ...kept(sought), after: previous, at: Math.max(at - PAGE, 0) }));
  turn(parts.next, next && addressOf("leases", { ...kept(sought), after: next, at: at + rows.length }));
  say(parts.range, rows.length ? `${count(at + 1)} to ${count(at + rows.length)}` : "");
  pager.hidden = !next && !previous;
}

/** Let a link lead somewhere; null: nowhere. */
function turn(link, address) {
  if (address) link.href = address;
  else link.removeAttribute("href");
  link.ariaDisabled = address ? null : "true";
}

// --- one client

const ASKED = { 55: "wants options", 57: "takes at most", 60: "vendor class", 77: "user class", 93: "architecture",
  97: "machine identifier" };
const PRINTABLE = /^[\x20-\x7e]+$/;

function client(root, life) {
  const slots = slotsOf(root);
  const of = { who: "", fields: "" };

  slots.form.addEventListener("submit", (event) => {
    event.preventDefault();
    openAddress(clientAddress(of.who, { fields: slots.fields.value.trim() }));
  });
  repeat(life, () => of.who && lookAtClient(slots, of), SELDOM / 4);
  return {
    title: () => `Client ${of.who}`,
    show({ who, query }) {
      Object.assign(of, { who, fields: query.fields ?? "" });
      slots.fields.value = of.fields;
      say(slots.title, `Client ${who}`);
      lookAtClient(slots, of);
    },
  };
}

async function lookAtClient(slots, of) {
  const { who, fields } = of;
  await telling(slots.found, async () => {
    const path = encodeURIComponent(who);
    const [known, elsewhere] = await Promise.all([ask(`clients/${path}`), fields ? explainWith(path, fields) : null]);
    if (of.who !== who || of.fields !== fields) return;
    showLeases(slots, known);
    showExplained(slots, elsewhere ?? known.explain);
    showHistory(slots, known.history);
    sayIfAny(slots.found, "");
  });
}

/** What the client would get if it sent other fields: `interface=eth2 giaddr=10.2.0.1`. */
async function explainWith(path, fields) {
  try {
    return await ask(`explain/${path}`, Object.fromEntries(fields.split(/\s+/).map((one) => one.split(/=(.*)/s))));
  } catch (error) {
    return { rows: [], error: error.message };
  }
}

/** How a value is shown. */
const SHOWN = {
  text: (value) => value,
  code,
  time: (seconds) => (seconds === null ? "never" : [timeOf(seconds, "distance"), note(timeOf(seconds, "clock"))]),
};

/** The leases that are meant, each with how its client asks: a machine has one in each network, a name several machines. */
function showLeases(slots, { leases: found, clients }) {
  const asking = Object.fromEntries(clients.rows.map((row) => [row.address, row]));
  fill(slots.leases, found.rows.map((lease) => [...leaseEntries(lease), ...askedEntries(asking[lease.address])]), leaseFacts);
  sayIfAny(slots["no-lease"], found.error || (found.rows.length ? "" : "There is no lease of it now."));
}

function leaseFacts(entries) {
  const known = entries.filter(([, , value]) => value !== "");
  return make("dl", { class: "facts" }, ...known.map(([what, kind, value]) => entry(what, SHOWN[kind](value))));
}

function leaseEntries(lease) {
  return [
    ["address", "code", lease.address],
    ["hardware address", "code", lease.hardware_address],
    ["client identifier", "code", readable(lease.client_identifier.replaceAll(":", ""))],
    ["name", "text", lease.name],
    ["name that it sent", "text", lease.sent_name === lease.name ? "" : lease.sent_name],
    ["state", "text", lease.state],
    ["ends", "time", lease.expires],
    ["last heard", "time", lease.last_used],
    ["network", "text", lease.network],
    ["port", "text", lease.relay],
  ];
}

/** What the client says of itself when it asks, as far as it was heard. */
function askedEntries(asking) {
  if (!asking?.is_heard) return [["asks", "text", "not heard since the start of the server"]];
  return Object.entries(asking.asks).map(([number, octets]) => {
    const what = ASKED[number] ? `${ASKED[number]} (option ${number})` : `option ${number}`;
    return [what, "text", number === "55" ? octetsOf(octets).join(", ") : readable(octets)];
  });
}

const octetsOf = (hexadecimal) => (hexadecimal.match(/../g) ?? []).map((one) => parseInt(one, 16));

/** Octets as text where all of them are visible, else in hexadecimal. */
function readable(hexadecimal) {
  const text = String.fromCharCode(...octetsOf(hexadecimal));
  return PRINTABLE.test(text) ? text : hexadecimal.replace(/..(?=.)/g, "$&:");
}

/** An explanation; lines without a title go on with what the one before them is about. */
function showExplained(slots, { rows, error }) {
  const parts = [];
  for (const { about, text, place } of rows) {
    if (about || !parts.length) parts.push([about, []]);
    parts.at(-1)[1].push([text, place]);
  }
  fill(slots.explain, parts, ([about, lines]) => entry(about, ...lines.map(([text, place]) => [text, note(place)])));
  sayIfAny(slots["no-explain"], error ?? "");
}

function showHistory(slots, { rows, more, error }) {
  fill(slots.history, rows, historyRow);
  slots["history-box"].hidden = !rows.length;
  const beyond = more ? "There is more: pydhcpd -ask history" : "";
  sayIfAny(slots["no-history"], error || (rows.length ? beyond : "Nothing is known of it."));
}

function historyRow(row) {
  return tableRow(
    ["from", timeOf(row.since), "pair"],
    ["until", row.until === null ? "now" : timeOf(row.until), "pair"],
    ["address", clientLink(row.address), "what"],
    ["hardware address", clientLink(row.hardware_address), "bare"],
    ["name", nameOf(row), "name bare"],
    ["how it went on", wentOn(row), "long bare"],
  );
}

/** How a binding ended or is to end, and what came before that. */
function wentOn({ reason, ends, renewals, last_renewed: renewed, since, began, relay }) {
  const said = [reason || (ends === null ? "does not end" : ["ends ", timeOf(ends)])].flat();
  if (renewals && renewed !== null) said.push(`; renewed ${several(renewals, "time")}, last `, timeOf(renewed));
  if (since > began) said.push("; leased ", timeOf(began));
  return relay ? [...said, `; ${relay}`] : said;
}

// --- events

function events(root, life) {
  const slots = slotsOf(root);
  const of = { life, slots, rows: [], waiting: [], newest: "", missed: 0, words: [], isPaused: false, stream: null, retry: 0 };
  const field = whenTyped(slots.form, life, (q) => replaceAddress("events", { q }));

  slots.pause.addEventListener("click", () => pause(of));
  document.addEventListener("visibilitychange", () => (document.hidden ? of.stream?.close() : follow(of)), { signal: life });
  const drawing = setInterval(() => drawEvents(of), DRAW_EVENTS);
  life.addEventListener("abort", () => {
    clearInterval(drawing);
    clearTimeout(of.retry);
    of.stream?.close();
  });
  begin(of);
  return {
    title: () => (of.words.length ? `Events: ${of.words.join(" ")}` : "Events"),
    field,
    show({ query: { q = "" } }) {
      show(field, q);
      of.words = q.toLowerCase().split(/\s+/).filter(Boolean);
      showEvents(of);
    },
  };
}

function pause(of) {
  of.isPaused = !of.isPaused;
  of.slots.pause.setAttribute("aria-pressed", String(of.isPaused));
  say(of.slots.pause, of.isPaused ? "Go on" : "Pause");
  drawEvents(of);
}

/** Load what has happened, and follow what happens from then on. Where that fails for good, begin anew a little later. */
async function begin(of) {
  of.stream?.close();
  of.stream = null;
  clearTimeout(of.retry);
  await telling(of.slots.found, async () => {
    const { rows } = await ask("events", { limit: KEPT_EVENTS });
    if (of.life.aborted) return;
    Object.assign(of, { rows, waiting: [], newest: rows[0]?.id ?? "" });
    showEvents(of);
    follow(of);
  });
  if (!of.stream) again(of);
}

function again(of) {
  clearTimeout(of.retry);
  if (!of.life.aborted) of.retry = setTimeout(() => begin(of), REFRESH);
}

/** Hear of what has happened since the newest event that is known. A window that nobody sees follows nothing: a browser has few
 * connections to one server, and would have none left for other windows. */
function follow(of) {
  of.stream?.close();
  of.stream = new EventSource(`api/events/stream?${new URLSearchParams(withoutNothing({ after: of.newest }))}`);
  of.stream.addEventListener("message", ({ data }) => heard(of, JSON.parse(data)));
  of.stream.addEventListener("missed", ({ data }) => missed(of, JSON.parse(data).count));
  of.stream.addEventListener("error", ({ target }) => {
    if (target.readyState === EventSource.CLOSED) again(of);
  });
}

function heard(of, event) {
  of.newest = event.id;
  of.waiting.push(event);
  if (of.waiting.length > KEPT_EVENTS) of.waiting.shift();
}

/** Some went by; where nobody knows how many, all that there is is loaded. */
function missed(of, number) {
  if (number === null) begin(of);
  else of.missed += number;
}

const hasAll = (text, words) => words.every((word) => text.toLowerCase().includes(word));

function drawEvents(of) {
  if (of.waiting.length && !of.isPaused) {
    of.rows = [...of.waiting.reverse(), ...of.rows].slice(0, KEPT_EVENTS);
    of.waiting = [];
    showEvents(of);
  }
  sayHowEventsCome(of);
}

function showEvents({ slots, rows, words }) {
  const found = rows.filter(({ text }) => hasAll(text, words));
  fill(slots.rows, found, eventRow);
  slots.box.hidden = !found.length;
  const none = rows.length ? "None of the last events has all of these words." : "Nothing has happened yet.";
  sayIfAny(slots.none, found.length ? "" : none);
}

function sayHowEventsCome({ slots, isPaused, stream, waiting, missed: unseen }) {
  const isLive = stream?.readyState === EventSource.OPEN;
  const held = `${waiting.length === 1 ? "1 event is" : `${count(waiting.length)} events are`} held back`;
  const how = isPaused ? `Paused; ${held}${waiting.length < KEPT_EVENTS ? "" : ", older ones are lost"}.`
    : isLive ? "Events are shown as they come." : "Events do not come in now; it is tried again.";
  say(slots.found, unseen ? `${how} ${several(unseen, "event")} came too fast to be shown.` : how);
  slots.found.classList.toggle("live", isLive && !isPaused);
}

function eventRow(row) {
  const where = [row.note ? "" : row.network, row.relay].filter(Boolean).join(", ");
  return tableRow(
    ["time", timeOf(row.time), "when"],
    ["event", make("span", { class: `kind ${sortOf(row.kind)}` }, row.kind), "what"],
    ["address", clientLink(row.address), "bare"],
    ["hardware address", clientLink(row.hardware_address), "bare"],
    ["name", nameOf(row), "name bare"],
    ["more", row.note || where ? [row.note, row.note && where ? " " : "", note(where)] : "", "long bare"],
  );
}

/** Whether an event is good, bad or neither; its colour only says again what its words do. */
function sortOf(kind) {
  if (kind.endsWith(" over")) return "good";
  return kind.endsWith("alarm") || /^(no |declined|in use)|failed/.test(kind) ? "bad" : "";
}

// --- boots

function boots(root, life) {
  const slots = slotsOf(root);
  const of = { rows: null, words: [] };
  const field = whenTyped(slots.form, life, (q) => replaceAddress("boots", { q }));

  const look = () => telling(slots.found, async () => {
    of.rows = (await ask("boots")).rows;
    showBoots(slots, of);
  });
  repeat(life, look);
  return {
    title: () => (of.words.length ? `Boots: ${of.words.join(" ")}` : "Boots"),
    field,
    show({ query: { q = "" } }) {
      show(field, q);
      of.words = q.toLowerCase().split(/\s+/).filter(Boolean);
      if (of.rows) showBoots(slots, of);
    },
  };
}

function showBoots(slots, { rows, words }) {
  const found = rows.filter((row) => hasAll(Object.values(row).join(" "), words));
  fill(slots.rows, found, bootRow);
  slots.box.hidden = !found.length;
  say(slots.found, words.length ? `${several(found.length, "file")} of ${count(rows.length)}` : several(rows.length, "file"));
  const none = "No machine has asked for a file by TFTP or HTTP. Files are served where tftp_root or http_root is set.";
  sayIfAny(slots.none, found.length ? "" : rows.length ? "None has all of these words." : none);
}

function bootRow(row) {
  return tableRow(
    ["asked for", timeOf(row.time), "when"],
    ["address", clientLink(row.address), "bare"],
    ["hardware address", clientLink(row.hardware_address), "bare"],
    ["name", row.name, "name bare"],
    ["by", row.protocol, "pair"],
    ["file", row.file, "what"],
    ["what became of it", [bootState(row), note(row.times > 1 ? ` ${several(row.times, "time")}` : "")], "long bare"],
  );
}

const SIZE = new Intl.NumberFormat("en", { style: "unit", unit: "byte", unitDisplay: "narrow", notation: "compact",
  maximumFractionDigits: 1 });

function bootState({ state, size, sent, seconds, trouble }) {
  if (state === "failed") return make("span", { class: "kind bad" }, `failed: ${trouble}`);
  const far = size === null ? SIZE.format(sent) : `${SIZE.format(sent)} of ${SIZE.format(size)}`;
  return state === "finished" ? `${SIZE.format(sent)} in ${seconds.toFixed(1)} s` : `${state}: ${far}`;
}

// --- from the address to a view

function nowhere() {
  return { title: () => "No such view", show() {} };
}

const VIEWS = { "": overview, leases, client, events, boots };

let shown = { name: null, view: null, life: null };

/** What the address says behind the #: `#/client/10.1.2.3?fields=...`. */
function placeOf(hash) {
  const [path, words = ""] = hash.replace(/^#\/?/, "").split("?");
  const [name, who = ""] = path.split("/");
  return { name, who: decoded(who), query: Object.fromEntries(new URLSearchParams(words)) };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function go() {
  const place = placeOf(location.hash);
  if (place.name !== shown.name) enter(place.name);
  shown.view.show(place);
  showTitle();
}

/** Leave the view that is shown, and enter another. */
function enter(name) {
  const isFirst = shown.view === null;
  const view = Object.hasOwn(VIEWS, name) ? VIEWS[name] : nowhere;
  shown.life?.abort();
  const life = new AbortController();
  page.main.replaceChildren(document.getElementById(view.name).content.cloneNode(true));
  shown = { name, life, view: view(page.main, life.signal) };
  for (const link of document.querySelectorAll("header nav a[data-view]")) {
    link.ariaCurrent = link.dataset.view.split(" ").includes(name) ? "page" : null;
  }
  if (!isFirst) page.main.querySelector("h1").focus();
}

function showTitle() {
  const warning = alarms.length ? `(${several(alarms.length, "alarm")}) ` : "";
  const host = page.host.textContent && ` on ${page.host.textContent}`;
  document.title = visible(`${warning}${shown.view.title()} – pydhcpd${host}`);
}

/** Go to another place, or look again where that is the same. */
function openAddress(address) {
  if (location.hash === address) go();
  else location.hash = address;
}

/** Go on in the same view with something else sought, and leave no step of it for the browser's back: somebody types. */
function replaceAddress(view, query) {
  history.replaceState(null, "", addressOf(view, query));
  go();
}

async function lookForVersion() {
  await telling(page.version, async () => {
    const { message, host } = await ask("version");
    say(page.version, message);
    say(page.host, host);
    const where = `${duration(Math.abs(ahead))} ${ahead > 0 ? "ahead of" : "behind"}`;
    sayIfAny(page.skew, Math.abs(ahead) > SKEWED ? `The server’s clock is ${where} this one.` : "");
    showTitle();
  });
}

/** `/` leads to the field for what is sought; in a view without one, to that of the leases. */
function searchKey(event) {
  const isTyping = event.target.closest("input, textarea, select");
  if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  if (!shown.view.field) {
    location.hash = addressOf("leases");
    go();
  }
  shown.view.field.focus();
}

function start() {
  const always = new AbortController().signal;
  window.addEventListener("hashchange", go);
  document.addEventListener("keydown", searchKey);
  page.skip.addEventListener("click", (event) => { event.preventDefault(); page.main.focus(); });
  say(page.zone, Intl.DateTimeFormat().resolvedOptions().timeZone);
  setInterval(moveTimes, 1000);
  go();
  repeat(always, lookForAlarms);
  repeat(always, lookForVersion, SELDOM / 2);
}

start();

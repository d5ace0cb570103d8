/**
 * Fetches one address, without cookies and without saying where the request comes from.
 *
 * A redirect is refused: it could lead to an address that the visitor has not seen.
 */

const LARGEST = 2_000_000;

addEventListener("message", async ({ data: address }) => {
  try {
    postMessage(await read(address));
  } catch (error) {
    postMessage({ problem: "failed", detail: String(error) });
  }
});

/** @param {string} address */
async function read(address) {
  const response = await fetch(address, {
    credentials: "omit",
    referrerPolicy: "no-referrer",
    redirect: "error",
    cache: "no-store",
  });
  if (!response.ok) return { problem: "status", detail: String(response.status) };
  const type = response.headers.get("content-type") ?? "";
  if (!/^(text\/|application\/([\w.+-]*\+)?(json|xml)\b)/i.test(type)) return { problem: "type", detail: type };
  return { text: await readText(response) };
}

/** @param {Response} response */
async function readText(response) {
  const decoder = new TextDecoder();
  let text = "";
  for await (const part of response.body ?? []) {
    text += decoder.decode(part, { stream: true });
    if (text.length > LARGEST) break;
  }
  return text.slice(0, LARGEST);
}

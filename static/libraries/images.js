/** Images that the visitor gives to a model: read from a file, made small enough, drawn. */

/** Models read images at a few hundred pixels; more would only fill the storage. */
const LARGEST_SIDE = 1024;
const QUALITY = 0.85;

/**
 * Return an image file as a `data:` URL, no larger than a model can use.
 * @param {Blob} file
 */
export async function readImage(file) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, LARGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return canvas.toDataURL("image/jpeg", QUALITY);
}

/**
 * Draw a `data:` URL on a canvas: the page's policy takes no such address for an image.
 * @param {HTMLCanvasElement} canvas @param {string} url
 */
export async function drawImage(canvas, url) {
  const [head = "", body = ""] = url.split(",", 2);
  const bytes = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
  const type = /^data:(image\/[\w.+-]+);base64$/.exec(head)?.[1];
  if (!type) return;
  const bitmap = await createImageBitmap(new Blob([bytes], { type }));
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  bitmap.close();
}

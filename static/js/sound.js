// A short sound of two notes, made here. Before somebody has clicked or typed, browsers let no page sound, and ours does
// not try: what was silent then does not sound later.

const NOTES = [[660, 0], [880, 0.13]]; // hertz, seconds from the beginning
const LENGTH = 0.3; // seconds, of each note
const LOUDNESS = 0.12; // of 1

let context = null;

/** Whether it sounded. */
export async function chime() {
  if (!window.AudioContext || navigator.userActivation?.hasBeenActive === false) return false;
  try {
    context ??= new AudioContext();
    if (context.state !== "running") await context.resume();
  } catch {
    return false;
  }
  NOTES.forEach(play);
  return true;
}

function play([frequency, after]) {
  const begin = context.currentTime + after;
  const note = new OscillatorNode(context, { frequency });
  const volume = new GainNode(context, { gain: 0 });
  volume.gain.setValueAtTime(0, begin);
  volume.gain.linearRampToValueAtTime(LOUDNESS, begin + 0.02); // a step would click
  volume.gain.exponentialRampToValueAtTime(0.001, begin + LENGTH);
  note.connect(volume).connect(context.destination);
  note.start(begin);
  note.stop(begin + LENGTH);
}

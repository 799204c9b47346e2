/** Puts recordings and cases to managers, and plays the manager for clients. What differs comes as data. */
export { type PutRecording, putRecording } from './recording-task.js';

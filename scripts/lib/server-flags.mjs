// What `npm start` gives Node for the server: room for what has just been made, MB. With more of it the server is hardly faster and takes much more memory.
export const SERVER_FLAGS = ['--max-semi-space-size=8'];

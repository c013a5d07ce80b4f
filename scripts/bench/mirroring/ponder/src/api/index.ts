import { Hono } from "hono";

// Nothing is asked of it, but it does not start without.
export default new Hono();

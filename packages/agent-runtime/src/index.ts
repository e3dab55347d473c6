/** The traffic-agent: proxies on node sockets that pass, divert or copy traffic. @packageDocumentation */
export {};

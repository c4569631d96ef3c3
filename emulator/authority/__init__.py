"""Authority: whether a call that comes from a role, or from a service acting for somebody, is allowed on AWS.

A *right* is an action on a resource. A *policy* grants or denies rights to *principals*, under *conditions* on the
*context* of a request; `policy` reads one, `conditions` compares, `evaluation` decides over all that concern a request
(all three pure). `requests` says which rights a call needs, `stored` where LocalStack keeps policies, `enforcement`
stands in the chain of handlers and refuses; `acting` checks what services check themselves, and lets them call by a
role. What is *governed* is told by `ownership`: the roles and resources of CloudFormation stacks that were named to
the control API. All others are left alone. `records` notes refusals, and rights that were used.
"""
